#include "kernels/cpu/install.h"

namespace qs::kernels::QS_ISA {
namespace {

template <class Real>
inline Vec<Real> square_root(Vec<Real> v) {
  for (int l = 0; l < lanes<Real>; ++l) v[l] = sizeof(Real) == 4 ? __builtin_sqrtf(v[l]) : __builtin_sqrt(v[l]);
  return v;
}

// One token, one lane group: m = mean_d x, v = max(mean_d x^2 - m^2, 0), rstd = 1/sqrt(v + 1e-6), y = (x - m) rstd scale + bias.
// Four partial sums hide the latency of the additions; which feature goes to which is fixed.
template <class Real>
inline void normalise(int width, int rows, const Real* x, const Real* scale, const Real* bias, Real* y, Real* normalised, Real* rstd) {
  Vec<Real> sum[4] = {}, squares[4] = {};
  for (int d = 0; d < width; d += 4) {
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) {
      if (d + k < width) {
        const Vec<Real> v = load(x + static_cast<std::int64_t>(d + k) * rows);
        sum[k] += v;
        squares[k] += v * v;
      }
    }
  }
  const Vec<Real> mean = ((sum[0] + sum[1]) + (sum[2] + sum[3])) / Real(width);
  const Vec<Real> mean_square = ((squares[0] + squares[1]) + (squares[2] + squares[3])) / Real(width);
  const Vec<Real> variance = larger<Real>(mean_square - mean * mean, Vec<Real>{});
  const Vec<Real> r = Real(1) / square_root<Real>(variance + Real(1e-6));
  store<Real>(rstd, r);
  for (int d = 0; d < width; ++d) {
    const std::int64_t k = static_cast<std::int64_t>(d) * rows;
    const Vec<Real> v = (load(x + k) - mean) * r;
    store<Real>(normalised + k, v);
    store<Real>(y + k, v * scale[d] + bias[d]);
  }
}

template <class Real>
void layer_norm(int tokens, int width, int rows, const Real* x, const Real* scale, const Real* bias, Real* y, Real* normalised, Real* rstd) {
  for (int t = 0; t < tokens; ++t) {
    for (int b = 0; b < rows; b += lanes<Real>) {
      const std::int64_t k = static_cast<std::int64_t>(t) * width * rows + b;
      normalise(width, rows, x + k, scale, bias, y + k, normalised + k, rstd + static_cast<std::int64_t>(t) * rows + b);
    }
  }
}

// One token, one lane group: dx (+)= rstd (g - mean_d g - normalised mean_d(g normalised)), g = dy scale.
template <class Real>
inline void normalise_backward(int width, int rows, const Real* dy, const Real* scale, const Real* normalised, const Real* rstd, Real* dx,
                               Write write) {
  Vec<Real> sum[4] = {}, projection[4] = {};
  for (int d = 0; d < width; d += 4) {
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) {
      if (d + k < width) {
        const std::int64_t at = static_cast<std::int64_t>(d + k) * rows;
        const Vec<Real> g = load(dy + at) * scale[d + k];
        sum[k] += g;
        projection[k] += g * load(normalised + at);
      }
    }
  }
  const Vec<Real> mean = ((sum[0] + sum[1]) + (sum[2] + sum[3])) / Real(width);
  const Vec<Real> slope = ((projection[0] + projection[1]) + (projection[2] + projection[3])) / Real(width);
  const Vec<Real> r = load(rstd);
  for (int d = 0; d < width; ++d) {
    const std::int64_t at = static_cast<std::int64_t>(d) * rows;
    const Vec<Real> value = r * (load(dy + at) * scale[d] - mean - load(normalised + at) * slope);
    store<Real>(dx + at, write == Write::accumulate ? load(dx + at) + value : value);
  }
}

// dscale[d] = sum_t dy normalised, dbias[d] = sum_t dy of one lane group, before dx is written.
template <class Real>
inline void parameter_sums(int tokens, int width, int rows, const Real* dy, const Real* normalised, Real* dscale, Real* dbias) {
  for (int d = 0; d < width; ++d) {
    Vec<Real> scale{}, bias{};
    for (int t = 0; t < tokens; ++t) {
      const std::int64_t at = (static_cast<std::int64_t>(t) * width + d) * rows;
      scale += load(dy + at) * load(normalised + at);
      bias += load(dy + at);
    }
    store<Real>(dscale + static_cast<std::int64_t>(d) * rows, scale);
    store<Real>(dbias + static_cast<std::int64_t>(d) * rows, bias);
  }
}

template <class Real>
void layer_norm_backward(int tokens, int width, int rows, const Real* dy, const Real* scale, const Real* normalised, const Real* rstd, Real* dx,
                         Write write, Real* dscale, Real* dbias) {
  for (int b = 0; b < rows; b += lanes<Real>) {
    parameter_sums(tokens, width, rows, dy + b, normalised + b, dscale + b, dbias + b);
    for (int t = 0; t < tokens; ++t) {
      const std::int64_t k = static_cast<std::int64_t>(t) * width * rows + b;
      normalise_backward(width, rows, dy + k, scale, normalised + k, rstd + static_cast<std::int64_t>(t) * rows + b, dx + k, write);
    }
  }
}

}  // namespace

template <class Real>
void install_layer_norm(NetworkTable<Real>& table) {
  table.layer_norm = layer_norm<Real>;
  table.layer_norm_backward = layer_norm_backward<Real>;
}
template void install_layer_norm(NetworkTable<float>&);
template void install_layer_norm(NetworkTable<double>&);

}  // namespace qs::kernels::QS_ISA

// Bodies of layer normalisation.
#pragma once

#include <cmath>

#include "kernels/api/network.h"
#include "kernels/cuda/host_device.h"

namespace qs::kernels::cuda {

// 1/sqrt(v + 1e-6), v = max(mean x^2 - mean^2, 0); a NaN passes.
template <class Real>
QS_HOST_DEVICE Real reciprocal_deviation(Real mean, Real mean_square) {
  const Real variance = mean_square - mean * mean;
  return 1 / std::sqrt((variance < 0 ? Real(0) : variance) + Real(1e-6));
}

// m = mean_d x, v = max(mean_d x^2 - m^2, 0), rstd = 1/sqrt(v + 1e-6), y = (x - m) rstd scale + bias; y may be x. k = (t, b)
template <class Real>
struct LayerNormToken {
  int width, rows;
  const Real* x;
  const Real* scale;
  const Real* bias;
  Real* y;
  Real* normalised;
  Real* rstd;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const std::int64_t first = at(k / rows, 0, k % rows, width, rows);
    Real sum = 0, squares = 0;
    for (int d = 0; d < width; ++d) {
      const Real value = x[first + static_cast<std::int64_t>(d) * rows];
      sum += value;
      squares += value * value;
    }
    const Real mean = sum / width;
    const Real r = reciprocal_deviation(mean, squares / width);
    rstd[k] = r;
    for (int d = 0; d < width; ++d) {
      const std::int64_t at_d = first + static_cast<std::int64_t>(d) * rows;
      const Real value = (x[at_d] - mean) * r;
      normalised[at_d] = value;
      y[at_d] = value * scale[d] + bias[d];
    }
  }
};

// dx (+)= rstd (g - mean_d g - normalised mean_d(g normalised)), g = dy scale. k = (t, b)
template <class Real>
struct LayerNormInputGradient {
  int width, rows;
  const Real* dy;
  const Real* scale;
  const Real* normalised;
  const Real* rstd;
  Real* dx;
  Write write;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const std::int64_t first = at(k / rows, 0, k % rows, width, rows);
    Real sum = 0, projection = 0;
    for (int d = 0; d < width; ++d) {
      const std::int64_t at_d = first + static_cast<std::int64_t>(d) * rows;
      const Real g = dy[at_d] * scale[d];
      sum += g;
      projection += g * normalised[at_d];
    }
    for (int d = 0; d < width; ++d) {
      const std::int64_t at_d = first + static_cast<std::int64_t>(d) * rows;
      const Real value = rstd[k] * (dy[at_d] * scale[d] - sum / width - normalised[at_d] * projection / width);
      dx[at_d] = write == Write::accumulate ? dx[at_d] + value : value;
    }
  }
};

// dscale[d][b] = sum_t dy normalised, dbias[d][b] = sum_t dy. k = (d, b)
template <class Real>
struct LayerNormParameterGradient {
  int tokens, width, rows;
  const Real* dy;
  const Real* normalised;
  Real* dscale;
  Real* dbias;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const std::int64_t plane = static_cast<std::int64_t>(width) * rows;
    Real scale_sum = 0, bias_sum = 0;
    for (int t = 0; t < tokens; ++t) {
      const Real g = dy[t * plane + k];
      scale_sum += g * normalised[t * plane + k];
      bias_sum += g;
    }
    dscale[k] = scale_sum;
    dbias[k] = bias_sum;
  }
};

}  // namespace qs::kernels::cuda

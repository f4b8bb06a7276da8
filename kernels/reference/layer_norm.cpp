#include <algorithm>
#include <cmath>

#include "kernels/reference/install.h"

namespace qs::kernels::reference {
namespace {

// m = mean_d x, v = max(mean_d x^2 - m^2, 0), rstd = 1/sqrt(v + 1e-6), y = (x - m) rstd scale + bias
template <class Real>
void layer_norm(int tokens, int width, int rows, const Real* x, const Real* scale, const Real* bias, Real* y, Real* normalised, Real* rstd) {
  for (int t = 0; t < tokens; ++t) {
    for (int b = 0; b < rows; ++b) {
      Real sum = 0, squares = 0;
      for (int d = 0; d < width; ++d) {
        const Real value = x[at(t, d, b, width, rows)];
        sum += value;
        squares += value * value;
      }
      const Real mean = sum / width;
      const Real variance = std::max(squares / width - mean * mean, Real(0));
      const Real r = 1 / std::sqrt(variance + Real(1e-6));
      rstd[static_cast<std::int64_t>(t) * rows + b] = r;
      for (int d = 0; d < width; ++d) {
        const std::int64_t k = at(t, d, b, width, rows);
        normalised[k] = (x[k] - mean) * r;
        y[k] = normalised[k] * scale[d] + bias[d];
      }
    }
  }
}

// dx (+)= rstd (g - mean_d g - normalised mean_d(g normalised)), g = dy scale; dscale = sum_t dy normalised, dbias = sum_t dy
template <class Real>
void layer_norm_backward(int tokens, int width, int rows, const Real* dy, const Real* scale, const Real* normalised, const Real* rstd, Real* dx,
                         Write write, Real* dscale, Real* dbias) {
  std::fill_n(dscale, static_cast<std::int64_t>(width) * rows, Real(0));
  std::fill_n(dbias, static_cast<std::int64_t>(width) * rows, Real(0));
  for (int t = 0; t < tokens; ++t) {
    for (int b = 0; b < rows; ++b) {
      Real sum = 0, projection = 0;
      for (int d = 0; d < width; ++d) {
        const std::int64_t k = at(t, d, b, width, rows);
        sum += dy[k] * scale[d];
        projection += dy[k] * scale[d] * normalised[k];
        dscale[at(0, d, b, width, rows)] += dy[k] * normalised[k];
        dbias[at(0, d, b, width, rows)] += dy[k];
      }
      for (int d = 0; d < width; ++d) {
        const std::int64_t k = at(t, d, b, width, rows);
        const Real value = rstd[static_cast<std::int64_t>(t) * rows + b] * (dy[k] * scale[d] - sum / width - normalised[k] * projection / width);
        dx[k] = write == Write::accumulate ? dx[k] + value : value;
      }
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

}  // namespace qs::kernels::reference

#include <cmath>

#include "kernels/reference/install.h"

namespace qs::kernels::reference {
namespace {

template <class Real>
constexpr Real root_two_over_pi = Real(0.79788456080286535588);
template <class Real>
constexpr Real cubic = Real(0.044715);

// gelu(x) = x/2 (1 + tanh z), z = sqrt(2/pi) (x + 0.044715 x^3)
template <class Real>
void gelu(std::int64_t n, const Real* x, Real* y) {
  for (std::int64_t k = 0; k < n; ++k) {
    const Real z = root_two_over_pi<Real> * (x[k] + cubic<Real> * x[k] * x[k] * x[k]);
    y[k] = x[k] / 2 * (1 + std::tanh(z));
  }
}

// gelu'(x) = (1 + tanh z)/2 + x/2 (1 - tanh^2 z) dz/dx, dz/dx = sqrt(2/pi) (1 + 3 * 0.044715 x^2)
template <class Real>
void gelu_backward(std::int64_t n, const Real* x, const Real* dy, Real* dx) {
  for (std::int64_t k = 0; k < n; ++k) {
    const Real z = root_two_over_pi<Real> * (x[k] + cubic<Real> * x[k] * x[k] * x[k]);
    const Real slope = root_two_over_pi<Real> * (1 + 3 * cubic<Real> * x[k] * x[k]);
    const Real t = std::tanh(z);
    dx[k] = dy[k] * ((1 + t) / 2 + x[k] / 2 * (1 - t * t) * slope);
  }
}

}  // namespace

template <class Real>
void install_gelu(NetworkTable<Real>& table) {
  table.gelu = gelu<Real>;
  table.gelu_backward = gelu_backward<Real>;
}
template void install_gelu(NetworkTable<float>&);
template void install_gelu(NetworkTable<double>&);

}  // namespace qs::kernels::reference

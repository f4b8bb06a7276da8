#include "kernels/cpu/network.h"
#include "kernels/cpu/vector_math.h"

namespace qs::kernels::QS_ISA {
namespace {

// 2 sqrt(2/pi) and 2 sqrt(2/pi) 0.044715
template <class Real>
constexpr Real linear = Real(1.5957691216057307117);
template <class Real>
constexpr Real cubic = Real(0.071354816272600248775);

// exp(-2z), z = sqrt(2/pi) (x + 0.044715 x^3), clamped below e^80 so that 1 + e stays within reciprocal()
template <class Real>
inline Vec<Real> tail(Vec<Real> x) {
  const Vec<Real> t = -x * (linear<Real> + cubic<Real> * (x * x));
  return exponential<Real>(t > Real(80) ? splat(Real(80)) : t);
}

// gelu(x) = x/2 (1 + tanh z) = x / (1 + exp(-2z)): no cancellation for negative x.
template <class Real>
void gelu(std::int64_t n, const Real* x, Real* y) {
  for (std::int64_t k = 0; k < n; k += lanes<Real>) {
    const Vec<Real> v = load(x + k);
    store<Real>(y + k, v * reciprocal<Real>(Real(1) + tail<Real>(v)));
  }
}

// s = 1/(1 + e), e = exp(-2z): gelu' = s + x s (e s) 2 dz/dx, 2 dz/dx = 2 sqrt(2/pi) (1 + 3 * 0.044715 x^2)
template <class Real>
void gelu_backward(std::int64_t n, const Real* x, const Real* dy, Real* dx) {
  for (std::int64_t k = 0; k < n; k += lanes<Real>) {
    const Vec<Real> v = load(x + k);
    const Vec<Real> e = tail<Real>(v);
    const Vec<Real> s = reciprocal<Real>(Real(1) + e);
    const Vec<Real> slope = linear<Real> + v * v * (3 * cubic<Real>);
    store<Real>(dx + k, load(dy + k) * (s + v * s * (e * s) * slope));
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

}  // namespace qs::kernels::QS_ISA

#include <complex>

#include "kernels/reference/install.h"

namespace qs::kernels::reference {
namespace {

template <class Real>
std::complex<double> amplitude(const Real* x, const Real* y, int b) {
  return {static_cast<double>(x[b]), y != nullptr ? static_cast<double>(y[b]) : 0.0};
}

template <class Real>
void log_amplitude(int rows, const Real* x, const Real* y, double* re, double* im) {
  for (int b = 0; b < rows; ++b) {
    const std::complex<double> log_psi = std::log(amplitude(x, y, b));
    re[b] = log_psi.real();
    im[b] = log_psi.imag();
  }
}

// Re(conj(w) dpsi / psi) = Re(c) dx - Im(c) dy with c = conj(w) / psi. A configuration with psi = 0 is never sampled: its cotangent is 0.
template <class Real>
void log_amplitude_backward(int rows, const Real* x, const Real* y, const Real* wre, const Real* wim, Real* dx, Real* dy) {
  for (int b = 0; b < rows; ++b) {
    const std::complex<double> psi = amplitude(x, y, b);
    const std::complex<double> weight(static_cast<double>(wre[b]), static_cast<double>(wim[b]));
    const std::complex<double> c = psi == 0.0 ? 0.0 : std::conj(weight) / psi;
    dx[b] = static_cast<Real>(c.real());
    if (dy != nullptr) dy[b] = static_cast<Real>(-c.imag());
  }
}

template <class Real>
void widen(std::int64_t n, const Real* x, double* y) {
  for (std::int64_t k = 0; k < n; ++k) y[k] = static_cast<double>(x[k]);
}

}  // namespace

template <class Real>
void install_amplitude(NetworkTable<Real>& table) {
  table.log_amplitude = log_amplitude<Real>;
  table.log_amplitude_backward = log_amplitude_backward<Real>;
  table.widen = widen<Real>;
}
template void install_amplitude(NetworkTable<float>&);
template void install_amplitude(NetworkTable<double>&);

}  // namespace qs::kernels::reference

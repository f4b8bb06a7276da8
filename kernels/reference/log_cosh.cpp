#include <cmath>
#include <complex>

#include "kernels/reference/install.h"

namespace qs::kernels::reference {
namespace {

constexpr double ln_2 = 0.69314718055994530942;

// log cosh u = y + log1p(exp(-2y)) - ln 2, y = u or -u such that the sign bit of Re y is clear; Im y is not reduced modulo 2 pi
std::complex<double> log_cosh(std::complex<double> u) {
  const std::complex<double> y = std::signbit(u.real()) ? -u : u;
  if (u.imag() == 0) return {y.real() + std::log1p(std::exp(-2 * y.real())) - ln_2, y.imag()};
  return y + std::log(1.0 + std::exp(-2.0 * y)) - ln_2;
}

template <class Real>
void log_cosh_sum(int width, int rows, const Real* re, const Real* im, double* re_out, double* im_out, Write write) {
  for (int b = 0; b < rows; ++b) {
    std::complex<double> sum = 0;
    for (int j = 0; j < width; ++j) {
      const std::int64_t k = at(0, j, b, width, rows);
      sum += log_cosh({re[k], im ? im[k] : Real(0)});
    }
    re_out[b] = write == Write::accumulate ? re_out[b] + sum.real() : sum.real();
    if (im) im_out[b] = write == Write::accumulate ? im_out[b] + sum.imag() : sum.imag();
  }
}

// tanh u = p + i q: dre = wre p + wim q, dim = -wre q + wim p
template <class Real>
void log_cosh_backward(int width, int rows, const Real* re, const Real* im, const Real* wre, const Real* wim, Real* dre, Real* dim) {
  for (int j = 0; j < width; ++j) {
    for (int b = 0; b < rows; ++b) {
      const std::int64_t k = at(0, j, b, width, rows);
      if (im == nullptr) {
        dre[k] = static_cast<Real>(wre[b] * std::tanh(static_cast<double>(re[k])));
        continue;
      }
      const std::complex<double> t = std::tanh(std::complex<double>(re[k], im[k]));
      dre[k] = static_cast<Real>(wre[b] * t.real() + wim[b] * t.imag());
      dim[k] = static_cast<Real>(-wre[b] * t.imag() + wim[b] * t.real());
    }
  }
}

}  // namespace

template <class Real>
void install_log_cosh(NetworkTable<Real>& table) {
  table.log_cosh_sum = log_cosh_sum<Real>;
  table.log_cosh_backward = log_cosh_backward<Real>;
}
template void install_log_cosh(NetworkTable<float>&);
template void install_log_cosh(NetworkTable<double>&);

}  // namespace qs::kernels::reference

// Bodies of the nonlinear functions: gelu, log cosh, and the logarithm of an amplitude.
#pragma once

#include <cmath>

#include "kernels/api/network.h"
#include "kernels/cuda/host_device.h"

namespace qs::kernels::cuda {

// exp(-2z), z = sqrt(2/pi) (x + 0.044715 x^3): gelu(x) = x/2 (1 + tanh z) = x / (1 + exp(-2z)) without the cancellation of 1 + tanh z for x < 0.
template <class Real>
QS_HOST_DEVICE Real gelu_tail(Real x) {
  return std::exp(Real(-1.5957691216057307117) * x * (1 + Real(0.044715) * x * x));
}

template <class Real>
QS_HOST_DEVICE Real gelu_value(Real x) {
  return x / (1 + gelu_tail(x));
}

// y = gelu(x); y may be x. k: element
template <class Real>
struct Gelu {
  const Real* x;
  Real* y;

  QS_HOST_DEVICE void operator()(std::int64_t k) const { y[k] = gelu_value(x[k]); }
};

// dx = dy (s + x s (1 - s) 2 dz/dx), s = 1/(1 + exp(-2z)), 2 dz/dx = 2 sqrt(2/pi) (1 + 3 * 0.044715 x^2); dx may be dy. k: element
template <class Real>
struct GeluBackward {
  const Real* x;
  const Real* dy;
  Real* dx;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const Real e = gelu_tail(x[k]), s = 1 / (1 + e);
    const Real rest = e < 1 ? e * s : 1 - s;  // 1 - s, whose digits cancel for x > 0; e may overflow for x < 0
    const Real slope = Real(1.5957691216057307117) * (1 + 3 * Real(0.044715) * x[k] * x[k]);
    dx[k] = dy[k] * (s + x[k] * s * rest * slope);
  }
};

struct Complex {
  double re, im;
};

// y + log(1 + exp(-2y)) - ln 2 with y = u or -u so that the sign bit of Re y is clear; the phase is not reduced. log|1 + w| through hypot: near
// the zeros of cosh it keeps the relative accuracy of 1 + w.
QS_HOST_DEVICE inline Complex log_cosh(Complex u) {
  const double sign = std::copysign(1.0, u.re);
  const double p = sign * u.re, q = sign * u.im;
  const double r = std::exp(-2 * p);
  const double ln_2 = 0.69314718055994530942;
  if (u.im == 0) return {p + std::log1p(r) - ln_2, q};
  const double re = 1 + r * std::cos(2 * q), im = -r * std::sin(2 * q);
  return {p + std::log(std::hypot(re, im)) - ln_2, q + std::atan2(im, re)};
}

// tanh(p + i q) = (sign(p) (1 - r^2) + 2 i r sin 2q) / n, n = (1 - r)^2 + 4 r cos^2 q, r = exp(-2|p|): no difference of like numbers.
QS_HOST_DEVICE inline Complex complex_tanh(Complex u) {
  const double twice = 2 * std::abs(u.re);
  const double r = std::exp(-twice), one_minus = -std::expm1(-twice), cosine = std::cos(u.im);
  const double n = one_minus * one_minus + 4 * r * cosine * cosine;
  return {std::copysign(one_minus * (1 + r) / n, u.re), 2 * r * std::sin(2 * u.im) / n};
}

// tanh u = a + i b: dre = wre a + wim b, dim = -wre b + wim a; im, wim and dim may be nullptr. k = (j, b)
template <class Real>
struct LogCoshBackward {
  int rows;
  const Real* re;
  const Real* im;
  const Real* wre;
  const Real* wim;
  Real* dre;
  Real* dim;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const std::int64_t b = k % rows;
    if (im == nullptr) {
      dre[k] = static_cast<Real>(wre[b] * std::tanh(static_cast<double>(re[k])));
      return;
    }
    const Complex t = complex_tanh({static_cast<double>(re[k]), static_cast<double>(im[k])});
    dre[k] = static_cast<Real>(wre[b] * t.re + wim[b] * t.im);
    dim[k] = static_cast<Real>(wim[b] * t.re - wre[b] * t.im);
  }
};

// re[b] + i im[b] = log(x[b] + i y[b]); y may be nullptr. k = b
template <class Real>
struct LogAmplitude {
  const Real* x;
  const Real* y;
  double* re;
  double* im;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const double a = static_cast<double>(x[k]), b = y != nullptr ? static_cast<double>(y[k]) : 0.0;
    re[k] = std::log(std::hypot(a, b));
    im[k] = std::atan2(b, a);
  }
};

// dx = Re c, dy = -Im c, c = conj(w) / psi through psi/|psi|: no square that could underflow. psi = 0 has no gradient; y and dy may be nullptr. k = b
template <class Real>
struct LogAmplitudeBackward {
  const Real* x;
  const Real* y;
  const Real* wre;
  const Real* wim;
  Real* dx;
  Real* dy;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const double a = static_cast<double>(x[k]), b = y != nullptr ? static_cast<double>(y[k]) : 0.0;
    const double u = static_cast<double>(wre[k]), v = static_cast<double>(wim[k]);
    const double size = std::hypot(a, b);
    const bool zero = size == 0;
    dx[k] = zero ? Real(0) : static_cast<Real>((u * (a / size) - v * (b / size)) / size);
    if (dy != nullptr) dy[k] = zero ? Real(0) : static_cast<Real>((u * (b / size) + v * (a / size)) / size);
  }
};

}  // namespace qs::kernels::cuda

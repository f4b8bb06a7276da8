// exp and reciprocal on lane vectors, and the double functions of glibc's vector library (libmvec, part of libm on x86-64, below 4 ulp).
#pragma once

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#include "kernels/cpu/simd.h"

namespace qs::kernels::QS_ISA {

extern "C" {
// Names of the x86-64 vector function ABI: b = SSE, d = AVX2, e = AVX-512; number of lanes; one v per argument.
#if defined(__AVX512F__)
Vec<double> _ZGVeN8v_exp(Vec<double>);
Vec<double> _ZGVeN8v_log(Vec<double>);
Vec<double> _ZGVeN8v_sin(Vec<double>);
Vec<double> _ZGVeN8v_cos(Vec<double>);
Vec<double> _ZGVeN8vv_atan2(Vec<double>, Vec<double>);
#elif defined(__AVX2__)
Vec<double> _ZGVdN4v_exp(Vec<double>);
Vec<double> _ZGVdN4v_log(Vec<double>);
Vec<double> _ZGVdN4v_sin(Vec<double>);
Vec<double> _ZGVdN4v_cos(Vec<double>);
Vec<double> _ZGVdN4vv_atan2(Vec<double>, Vec<double>);
#else
Vec<double> _ZGVbN2v_exp(Vec<double>);
Vec<double> _ZGVbN2v_log(Vec<double>);
Vec<double> _ZGVbN2v_sin(Vec<double>);
Vec<double> _ZGVbN2v_cos(Vec<double>);
Vec<double> _ZGVbN2vv_atan2(Vec<double>, Vec<double>);
#endif
}

#if defined(__AVX512F__)
inline Vec<double> vector_exp(Vec<double> x) { return _ZGVeN8v_exp(x); }
inline Vec<double> vector_log(Vec<double> x) { return _ZGVeN8v_log(x); }
inline Vec<double> vector_sin(Vec<double> x) { return _ZGVeN8v_sin(x); }
inline Vec<double> vector_cos(Vec<double> x) { return _ZGVeN8v_cos(x); }
inline Vec<double> vector_atan2(Vec<double> y, Vec<double> x) { return _ZGVeN8vv_atan2(y, x); }
#elif defined(__AVX2__)
inline Vec<double> vector_exp(Vec<double> x) { return _ZGVdN4v_exp(x); }
inline Vec<double> vector_log(Vec<double> x) { return _ZGVdN4v_log(x); }
inline Vec<double> vector_sin(Vec<double> x) { return _ZGVdN4v_sin(x); }
inline Vec<double> vector_cos(Vec<double> x) { return _ZGVdN4v_cos(x); }
inline Vec<double> vector_atan2(Vec<double> y, Vec<double> x) { return _ZGVdN4vv_atan2(y, x); }
#else
inline Vec<double> vector_exp(Vec<double> x) { return _ZGVbN2v_exp(x); }
inline Vec<double> vector_log(Vec<double> x) { return _ZGVbN2v_log(x); }
inline Vec<double> vector_sin(Vec<double> x) { return _ZGVbN2v_sin(x); }
inline Vec<double> vector_cos(Vec<double> x) { return _ZGVbN2v_cos(x); }
inline Vec<double> vector_atan2(Vec<double> y, Vec<double> x) { return _ZGVbN2vv_atan2(y, x); }
#endif

// Constants of exponential(): exp(r) = 1 + r + r^2 q(r) on |r| <= ln(2)/2, q from a Chebyshev fit in 40 digits.
template <class Real>
struct Exponential;
template <>
struct Exponential<float> {
  static constexpr float q[] = {0.5f, 0.16666576845993976f, 0.041666554437685939f, 0.0083632029715758549f, 0.0013926213466332443f};  // 1e-8
  static constexpr float round = 0x1.8p23f;  // adding it leaves the nearest integer in the low bits
  static constexpr float ln2_high = 0x1.62e4p-1f, ln2_low = 0x1.7f7d1cp-20f;
  static constexpr float lowest = -87.0f, highest = 88.0f;
  static constexpr std::int32_t bias = 127, shift = 23;
};
template <>
struct Exponential<double> {
  static constexpr double q[] = {0.50000000000000010262,   0.16666666666666667456,    0.041666666666623991516,    0.0083333333333300513464,
                                 0.0013888888917281793308, 0.00019841269863105968749, 0.000024801521190217727651, 2.7557268378684192873e-6,
                                 2.7620138719733995569e-7, 2.5100424157005066788e-8};  // 1.7e-17
  static constexpr double round = 0x1.8p52;
  static constexpr double ln2_high = 0x1.62e42fefa38p-1, ln2_low = 0x1.ef35793c7673p-45;
  static constexpr double lowest = -708.0, highest = 709.0;
  static constexpr std::int64_t bias = 1023, shift = 52;
};

// exp(x) = 2^n exp(r), n = round(x / ln 2); relative error below 2 ulp on [lowest, highest], clamped outside; NaN stays NaN.
template <class Real>
inline Vec<Real> exponential(Vec<Real> x) {
  using E = Exponential<Real>;
  x = x < E::lowest ? splat(E::lowest) : x;
  x = x > E::highest ? splat(E::highest) : x;
  const Vec<Real> shifted = x * Real(1.44269504088896340736) + E::round;
  const Vec<Real> n = shifted - E::round;
  const Vec<Real> r = x - n * E::ln2_high - n * E::ln2_low;
  constexpr int degree = sizeof(E::q) / sizeof(Real) - 1;
  Vec<Real> q = splat(E::q[degree]);
#pragma GCC unroll 16
  for (int k = degree - 1; k >= 0; --k) q = q * r + E::q[k];
  const IntVec<Real> exponent = ((IntVec<Real>)shifted - (IntVec<Real>)splat(E::round) + E::bias) << E::shift;
  return ((q * r + Real(1)) * r + Real(1)) * (Vec<Real>)exponent;
}

// 1/x, within 1 ulp, for 1 <= x < 1e38. AVX-512: the 14-bit estimate and Newton steps y (2 - x y), because vdiv costs 16 cycles per register
// and gelu would spend as much on it as on its exponential.
template <class Real>
inline Vec<Real> reciprocal(Vec<Real> x) {
  return Real(1) / x;
}
#if defined(__AVX512F__)
template <>
inline Vec<float> reciprocal<float>(Vec<float> x) {
  const Vec<float> y = _mm512_maskz_rcp14_ps(0xFFFF, x);
  return y + y * (1.0f - x * y);
}
template <>
inline Vec<double> reciprocal<double>(Vec<double> x) {
  Vec<double> y = _mm512_maskz_rcp14_pd(0xFF, x);
  y = y + y * (1.0 - x * y);
  return y + y * (1.0 - x * y);
}
#endif

}  // namespace qs::kernels::QS_ISA

// Powers of two and reciprocals of lane vectors, and the double functions of glibc's vector library (libmvec, part of libm on x86-64, below 4 ulp).
#pragma once

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

// Constants of power_of_two(): 2^f = 1 + c_1 f + c_2 f^2 + ... on 0 <= f <= 1 with the least largest relative error (Remez exchange in 50 digits).
template <class Real>
struct PowerOfTwo;
template <>
struct PowerOfTwo<float> {
  static constexpr float c[] = {
      1.0f, 0.69315131180692375f, 0.24016445012802829f, 0.055799913186423164f, 0.0090170302262964076f, 0.0018671301081462516f};  // 8.2e-8
  static constexpr float lowest = -126.0f;            // the least normal exponent
  static constexpr float round = 0x1.8p23f + 127.0f;  // adding it leaves the nearest integer plus the exponent's bias in the low bits
  static constexpr std::int32_t shift = 23;           // of the exponent bits
};
template <>
struct PowerOfTwo<double> {
  static constexpr double c[] = {1.0,
                                 0.69314718055990899958,
                                 0.24022650696094667806,
                                 0.055504108632585801221,
                                 0.0096181293844642218208,
                                 0.001333354456988401185,
                                 0.00015403939740772010384,
                                 0.000015244895765960638908,
                                 1.331080090069185771e-6,
                                 9.4696515240467950106e-8,
                                 9.9353263617356950877e-9};  // 2.2e-16
  static constexpr double lowest = -1022.0;
  static constexpr double round = 0x1.8p52 + 1023.0;
  static constexpr std::int64_t shift = 52;
};

// A function of several registers takes them through its operations in step. One after the other, each of them is a chain of twenty operations that
// wait for each other, and the processor sees too few chains ahead to keep its multipliers busy (gelu in float64, Zen 3: 22 cycles a register, in
// step 16).
constexpr int registers_in_step = 4;
// body.template operator()<count>(k) for n values, `count` registers from value k on at a time: several, then what is left one by one. The bits of a
// value are the same in either.
template <class Real, class Body>
inline void in_step(std::int64_t n, const Body& body) {
  constexpr int L = lanes<Real>, several = registers_in_step;
  std::int64_t k = 0;
  for (; k + several * L <= n; k += several * L) body.template operator()<several>(k);
  for (; k < n; k += L) body.template operator()<1>(k);
}

// sum = 2^f
template <class Real, int count>
inline void two_to_fractions(const Vec<Real> (&f)[count], Vec<Real> (&sum)[count]) {
  constexpr const auto& c = PowerOfTwo<Real>::c;
  constexpr int degree = sizeof(c) / sizeof(Real) - 1;
#pragma GCC unroll 8
  for (int u = 0; u < count; ++u) sum[u] = splat(c[degree]);
#pragma GCC unroll 16
  for (int k = degree - 1; k >= 0; --k) {
#pragma GCC unroll 8
    for (int u = 0; u < count; ++u) sum[u] = sum[u] * f[u] + c[k];
  }
}

// t = 2^t for t < 127: 2^f 2^n with n = floor(t), f = t - n. Relative error below 2 ulp; 0 where the result would not be a normal number; NaN stays
// NaN. n is the integer next to t - 1/2, so f = 1 may stand for f = 0; AVX-512 has an instruction for f and one for the product.
#if defined(__AVX512F__)
constexpr int round_down = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
inline Vec<float> fraction(Vec<float> t) { return _mm512_maskz_reduce_ps(0xFFFF, t, round_down); }
inline Vec<double> fraction(Vec<double> t) { return _mm512_maskz_reduce_pd(0xFF, t, round_down); }
inline Vec<float> scale(Vec<float> p, Vec<float> t) { return _mm512_maskz_scalef_ps(0xFFFF, p, t); }
inline Vec<double> scale(Vec<double> p, Vec<double> t) { return _mm512_maskz_scalef_pd(0xFF, p, t); }
template <class Real, int count>
inline void powers_of_two(Vec<Real> (&t)[count]) {
  Vec<Real> f[count], power[count];
#pragma GCC unroll 8
  for (int u = 0; u < count; ++u) f[u] = fraction(t[u]);
  two_to_fractions<Real>(f, power);
#pragma GCC unroll 8
  for (int u = 0; u < count; ++u) t[u] = scale(power[u], t[u]);
}
#else
template <class Real, int count>
inline void powers_of_two(Vec<Real> (&t)[count]) {
  using P = PowerOfTwo<Real>;
  Vec<Real> shifted[count], f[count], power[count];
#pragma GCC unroll 8
  for (int u = 0; u < count; ++u) {
    const Vec<Real> bounded = larger<Real>(splat(P::lowest), t[u]);
    shifted[u] = (bounded - Real(0.5)) + P::round;
    f[u] = bounded - (shifted[u] - P::round);
  }
  two_to_fractions<Real>(f, power);
#pragma GCC unroll 8
  for (int u = 0; u < count; ++u) t[u] = power[u] * (Vec<Real>)((IntVec<Real>)shifted[u] << P::shift);
}
#endif
template <class Real>
inline Vec<Real> power_of_two(Vec<Real> t) {
  Vec<Real> one[1] = {t};
  powers_of_two<Real>(one);
  return one[0];
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

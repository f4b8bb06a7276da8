// Reading and writing fewer values than a register holds.
#pragma once

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "kernels/cpu/simd.h"

namespace qs::kernels::QS_ISA {

// The first `count` lanes of v to p, which need not be aligned; what lies beyond them is not touched. Written lane by lane, the short runs that end
// the rows of a 12 or 60 wide matrix would cost more than the products before them.
template <class Real>
inline void store_some(Real* p, Vec<Real> v, int count) {
  for (int k = 0; k < count; ++k) p[k] = v[k];
}
#if defined(__AVX512F__)
template <>
inline void store_some<float>(float* p, Vec<float> v, int count) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << count) - 1), v);
}
template <>
inline void store_some<double>(double* p, Vec<double> v, int count) {
  _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << count) - 1), v);
}
#elif defined(__AVX2__)
template <>
inline void store_some<float>(float* p, Vec<float> v, int count) {
  _mm256_maskstore_ps(p, (__m256i)(lane_numbers<float>() < (IntVec<float>{} + count)), v);
}
template <>
inline void store_some<double>(double* p, Vec<double> v, int count) {
  _mm256_maskstore_pd(p, (__m256i)(lane_numbers<double>() < (IntVec<double>{} + count)), v);
}
#endif
template <class Real>
inline void store_first(Real* p, Vec<Real> v, int count) {
  if (count == lanes<Real>) {
    store_unaligned<Real>(p, v);
  } else {
    store_some<Real>(p, v, count);
  }
}

// As above, read; the other lanes are zeros.
template <class Real>
inline Vec<Real> load_some(const Real* p, int count) {
  Vec<Real> v{};
  for (int k = 0; k < count; ++k) v[k] = p[k];
  return v;
}
#if defined(__AVX512F__)
template <>
inline Vec<float> load_some<float>(const float* p, int count) {
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), p);
}
template <>
inline Vec<double> load_some<double>(const double* p, int count) {
  return _mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << count) - 1), p);
}
#elif defined(__AVX2__)
template <>
inline Vec<float> load_some<float>(const float* p, int count) {
  return _mm256_maskload_ps(p, (__m256i)(lane_numbers<float>() < (IntVec<float>{} + count)));
}
template <>
inline Vec<double> load_some<double>(const double* p, int count) {
  return _mm256_maskload_pd(p, (__m256i)(lane_numbers<double>() < (IntVec<double>{} + count)));
}
#endif
template <class Real>
inline Vec<Real> load_first(const Real* p, int count) {
  return count == lanes<Real> ? load_unaligned<Real>(p) : load_some<Real>(p, count);
}
template <class Real>
inline void add_first(Real* p, Vec<Real> v, int count) {
  store_first<Real>(p, load_first<Real>(p, count) + v, count);
}

// Elements by which p lies behind a register boundary.
template <class Real>
inline int offset_in_register(const Real* p) {
  return static_cast<int>(reinterpret_cast<std::uintptr_t>(p) / sizeof(Real) % lanes<Real>);
}

// n values to memory that is not read again soon: whole lines past the caches (a plain store first reads the line that it will overwrite: 9 against
// 15 GB/s on one core of a server), the ends by plain stores. `from` lies as far behind a register boundary as `to`. Then fence_streams().
template <class Real>
inline void stream(std::int64_t n, const Real* from, Real* to) {
  constexpr int L = lanes<Real>;
  const int ahead = (L - offset_in_register(to)) % L;
  std::int64_t k = ahead < n ? ahead : n;
  if (k > 0) store_first<Real>(to, load_first(from, static_cast<int>(k)), static_cast<int>(k));
  for (; k + L <= n; k += L) {
#if defined(__AVX512F__)
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to + k), (__m512i)load(from + k));
#elif defined(__AVX2__)
    _mm256_stream_si256(reinterpret_cast<__m256i*>(to + k), (__m256i)load(from + k));
#else
    store<Real>(to + k, load(from + k));
#endif
  }
  if (k < n) store_first<Real>(to + k, load(from + k), static_cast<int>(n - k));
}
// Streamed values are seen by other threads only after a fence.
inline void fence_streams() {
#if defined(__AVX2__)
  _mm_sfence();
#endif
}

}  // namespace qs::kernels::QS_ISA

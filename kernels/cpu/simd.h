// Lane vectors of one register, in the instruction set this translation unit is compiled for. GCC vector extensions do the arithmetic, so
// every kernel is written once; kernels/CMakeLists.txt compiles it per instruction set into the namespace QS_ISA.
//
// Nothing here or in the kernels may call an inline function of a standard header: the linker keeps one copy of it for the whole program,
// and that copy might be the AVX-512 one.
#pragma once

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include <cstdint>
#include <new>

namespace qs::kernels::QS_ISA {

#if defined(__AVX512F__)
constexpr int vector_bytes = 64;
constexpr int vector_registers = 32;
#elif defined(__AVX2__)
constexpr int vector_bytes = 32;
constexpr int vector_registers = 16;
#else
constexpr int vector_bytes = 16;
constexpr int vector_registers = 16;
#endif

// Rows per register.
template <class Real>
constexpr int lanes = vector_bytes / static_cast<int>(sizeof(Real));

template <class Real>
struct VectorTypes;
template <>
struct VectorTypes<float> {
  typedef float Register __attribute__((vector_size(vector_bytes), may_alias));
  typedef float Unaligned __attribute__((vector_size(vector_bytes), may_alias, aligned(4)));
  typedef std::int32_t Integers __attribute__((vector_size(vector_bytes), may_alias));
  using Integer = std::int32_t;
};
template <>
struct VectorTypes<double> {
  typedef double Register __attribute__((vector_size(vector_bytes), may_alias));
  typedef double Unaligned __attribute__((vector_size(vector_bytes), may_alias, aligned(8)));
  typedef std::int64_t Integers __attribute__((vector_size(vector_bytes), may_alias));
  using Integer = std::int64_t;
};

template <class Real>
using Vec = typename VectorTypes<Real>::Register;
template <class Real>
using IntVec = typename VectorTypes<Real>::Integers;

// Aligned to a register: every lane array. Unaligned: weights and rows of a gradient.
template <class Real>
inline Vec<Real> load(const Real* p) {
  return *reinterpret_cast<const Vec<Real>*>(p);
}
template <class Real>
inline void store(Real* p, Vec<Real> v) {
  *reinterpret_cast<Vec<Real>*>(p) = v;
}
template <class Real>
inline Vec<Real> load_unaligned(const Real* p) {
  return *reinterpret_cast<const typename VectorTypes<Real>::Unaligned*>(p);
}
template <class Real>
inline void store_unaligned(Real* p, Vec<Real> v) {
  *reinterpret_cast<typename VectorTypes<Real>::Unaligned*>(p) = v;
}

template <class Real>
inline Vec<Real> splat(Real value) {
  return value - Vec<Real>{};  // x - 0 keeps the sign of zero, 0 + x would not
}

// b where one of them is not a number. (g++ 12 makes a comparison and a choice of the generic form.)
template <class Real>
inline Vec<Real> larger(Vec<Real> a, Vec<Real> b) {
  return a > b ? a : b;
}
template <class Real>
inline Vec<Real> smaller(Vec<Real> a, Vec<Real> b) {
  return a < b ? a : b;
}
#if defined(__AVX512F__)
template <>
inline Vec<float> larger<float>(Vec<float> a, Vec<float> b) {
  return _mm512_maskz_max_ps(0xFFFF, a, b);
}
template <>
inline Vec<double> larger<double>(Vec<double> a, Vec<double> b) {
  return _mm512_maskz_max_pd(0xFF, a, b);
}
template <>
inline Vec<float> smaller<float>(Vec<float> a, Vec<float> b) {
  return _mm512_maskz_min_ps(0xFFFF, a, b);
}
template <>
inline Vec<double> smaller<double>(Vec<double> a, Vec<double> b) {
  return _mm512_maskz_min_pd(0xFF, a, b);
}
#elif defined(__AVX2__)
template <>
inline Vec<float> larger<float>(Vec<float> a, Vec<float> b) {
  return _mm256_max_ps(a, b);
}
template <>
inline Vec<double> larger<double>(Vec<double> a, Vec<double> b) {
  return _mm256_max_pd(a, b);
}
template <>
inline Vec<float> smaller<float>(Vec<float> a, Vec<float> b) {
  return _mm256_min_ps(a, b);
}
template <>
inline Vec<double> smaller<double>(Vec<double> a, Vec<double> b) {
  return _mm256_min_pd(a, b);
}
#endif

// 0, 1, 2, ... along the lanes.
template <class Real>
inline IntVec<Real> lane_numbers() {
  IntVec<Real> numbers;
  for (int l = 0; l < lanes<Real>; ++l) numbers[l] = l;
  return numbers;
}

// v in the first `count` lanes, 0 in the others.
template <class Real>
inline Vec<Real> keep_first(Vec<Real> v, std::int64_t count) {
  return lane_numbers<Real>() < (IntVec<Real>{} + static_cast<typename VectorTypes<Real>::Integer>(count)) ? v : Vec<Real>{};
}

// Temporary lane array of a kernel that needs one; the kernels that do are long against one allocation.
template <class Real>
class Scratch {
 public:
  explicit Scratch(std::int64_t size) : data_(static_cast<Real*>(::operator new (size * sizeof(Real), std::align_val_t{64}))) {}
  ~Scratch() { ::operator delete (data_, std::align_val_t{64}); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  Real* data() const { return data_; }

 private:
  Real* data_;
};

}  // namespace qs::kernels::QS_ISA

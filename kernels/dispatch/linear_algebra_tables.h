// What a device offers behind kernels/api/linear_algebra.h and gram.h: every device folder fills these tables once, dispatch picks one by Device.
// Shapes and meaning of the arguments: see the API header.
#pragma once

#include <cstdint>

#include "kernels/api/gram.h"
#include "kernels/api/linear_algebra.h"

namespace qs::kernels {

// Most products that a Gram kernel sums in Real before it adds them to the float64 result.
inline constexpr std::int64_t gram_columns = 512;

template <class Real>
struct ProductTable {
  void (*gemm)(Transpose ta, Transpose tb, std::int64_t m, std::int64_t n, std::int64_t k, Real alpha, const Real* a, std::int64_t lda, const Real* b,
               std::int64_t ldb, Real beta, Real* c, std::int64_t ldc);
};

template <class Real>
struct GramTable {
  std::int64_t strip;
  void (*gram_tiles)(Arithmetic arithmetic, GramFactor<Real> a, std::int64_t strip, const GramTile* tiles, std::int64_t count);
};

struct SolverTable {
  std::int64_t (*cholesky)(std::int64_t n, double* a, std::int64_t lda);
  void (*cholesky_solve)(std::int64_t n, const double* factor, std::int64_t lda, double* b);
  std::int64_t (*cholesky_float32)(std::int64_t n, double* a, std::int64_t lda);
  void (*cholesky_float32_solve)(std::int64_t n, const double* factor, std::int64_t lda, double* b);
  std::int64_t (*symmetric_eigen)(std::int64_t n, double* a, std::int64_t lda, double* values);
  void (*set_diagonal)(std::int64_t n, const double* diagonal, double* a, std::int64_t lda);
  void (*mirror_upper)(std::int64_t n, double* a, std::int64_t lda);
  void (*symmetric_multiply)(std::int64_t n, const double* a, std::int64_t lda, const double* diagonal, const double* x, double* y);
};

namespace reference {
template <class Real>
const ProductTable<Real>& product_table();
template <class Real>
const GramTable<Real>& gram_table();
const SolverTable& solver_table();
}  // namespace reference

namespace cpu {
template <class Real>
const ProductTable<Real>& product_table();
const SolverTable& solver_table();
}  // namespace cpu

// The Gram products of the cpu device: the same sources compiled for three instruction sets.
namespace baseline {
template <class Real>
const GramTable<Real>& gram_table();
}
namespace avx2 {
template <class Real>
const GramTable<Real>& gram_table();
}
namespace avx512 {
template <class Real>
const GramTable<Real>& gram_table();
}

namespace cuda {
template <class Real>
const ProductTable<Real>& product_table();
template <class Real>
const GramTable<Real>& gram_table();
const SolverTable& solver_table();
}  // namespace cuda

}  // namespace qs::kernels

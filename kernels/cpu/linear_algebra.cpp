// Products and solvers on OpenBLAS and LAPACKE; the Gram products are in gram_product.cpp. OpenBLAS changes the bits of a product with its own thread
// count, so it runs on one thread; our threads call it on whole tiles.
#include "kernels/api/linear_algebra.h"

#include <cblas.h>
#include <lapacke.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/api/error.h"
#include "kernels/dispatch/linear_algebra_tables.h"

namespace qs::kernels::cpu {
namespace {

void use_one_blas_thread() {
  static const bool done = (openblas_set_num_threads(1), true);
  static_cast<void>(done);
}

int blas_int(std::int64_t value) {
  QS_ASSERT(value >= 0 && value <= std::numeric_limits<int>::max());
  return static_cast<int>(value);
}

CBLAS_TRANSPOSE blas(Transpose transpose) { return transpose == Transpose::no ? CblasNoTrans : CblasTrans; }

template <class Real>
void gemm(Transpose ta, Transpose tb, std::int64_t m, std::int64_t n, std::int64_t k, Real alpha, const Real* a, std::int64_t lda, const Real* b,
          std::int64_t ldb, Real beta, Real* c, std::int64_t ldc) {
  if (m == 0 || n == 0) return;
  use_one_blas_thread();
  const auto product = [] {
    if constexpr (std::is_same_v<Real, float>)
      return cblas_sgemm;
    else
      return cblas_dgemm;
  }();
  product(CblasRowMajor, blas(ta), blas(tb), blas_int(m), blas_int(n), blas_int(k), alpha, a, blas_int(lda), b, blas_int(ldb), beta, c,
          blas_int(ldc));
}

// Row-major lower is LAPACK's (column-major) upper. The _work variants skip LAPACKE's own search for NaN, which would hide the pivot.
std::int64_t cholesky(std::int64_t n, double* a, std::int64_t lda) {
  use_one_blas_thread();
  const std::int64_t info = LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', blas_int(n), a, blas_int(lda));
  QS_ASSERT(info >= 0);
  if (info > 0) return info;
  for (std::int64_t i = 0; i < n; ++i) {
    if (!(a[i * lda + i] > 0) || !std::isfinite(a[i * lda + i])) return i + 1;
  }
  return 0;
}

void cholesky_solve(std::int64_t n, const double* factor, std::int64_t lda, double* b) {
  use_one_blas_thread();
  const int order = blas_int(n), leading = blas_int(lda);
  cblas_dtrsv(CblasRowMajor, CblasLower, CblasNoTrans, CblasNonUnit, order, factor, leading, b, 1);
  cblas_dtrsv(CblasRowMajor, CblasLower, CblasTrans, CblasNonUnit, order, factor, leading, b, 1);
}

std::int64_t symmetric_eigen(std::int64_t n, double* a, std::int64_t lda, double* values) {
  if (n == 0) return 0;
  use_one_blas_thread();
  return LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', blas_int(n), a, blas_int(lda), values);  // columns of column-major are our rows
}

// Block by block: a column of a large matrix touches as many pages as it has rows.
void mirror_upper(std::int64_t n, double* a, std::int64_t lda) {
  constexpr std::int64_t block = 64;
  for (std::int64_t i0 = 0; i0 < n; i0 += block) {
    for (std::int64_t j0 = 0; j0 <= i0; j0 += block) {
      for (std::int64_t i = i0; i < std::min(i0 + block, n); ++i) {
        for (std::int64_t j = j0; j < std::min(j0 + block, i); ++j) a[i * lda + j] = a[j * lda + i];
      }
    }
  }
}

}  // namespace

template <class Real>
const ProductTable<Real>& product_table() {
  static const ProductTable<Real> table{gemm<Real>};
  return table;
}
template const ProductTable<float>& product_table<float>();
template const ProductTable<double>& product_table<double>();

const SolverTable& solver_table() {
  // Memory bounds the plain loops too.
  static const SolverTable table{
      cholesky, cholesky_solve, symmetric_eigen, reference::solver_table().set_diagonal, mirror_upper, reference::solver_table().symmetric_multiply};
  return table;
}

}  // namespace qs::kernels::cpu

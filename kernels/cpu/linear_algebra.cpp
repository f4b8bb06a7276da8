// Dense linear algebra on OpenBLAS and LAPACKE. OpenBLAS changes the bits of a product with its own thread count, so it runs on one thread;
// our threads call it on whole tiles.
#include "kernels/api/linear_algebra.h"

#include <cblas.h>
#include <lapacke.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

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

// Lower triangle of C += A A^T.
void gram_lower(std::int64_t n, std::int64_t k, const double* a, std::int64_t lda, double* c, std::int64_t ldc) {
  cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, blas_int(n), blas_int(k), 1.0, a, blas_int(lda), 1.0, c, blas_int(ldc));
}

void gram_lower(std::int64_t n, std::int64_t k, const float* a, std::int64_t lda, double* c, std::int64_t ldc) {
  std::vector<float> partial(n * n);
  for (std::int64_t first = 0; first < k; first += gram_columns) {
    const std::int64_t width = std::min(gram_columns, k - first);
    cblas_ssyrk(CblasRowMajor, CblasLower, CblasNoTrans, blas_int(n), blas_int(width), 1.0f, a + first, blas_int(lda), 0.0f, partial.data(),
                blas_int(n));
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j <= i; ++j) c[i * ldc + j] += partial[i * n + j];
    }
  }
}

template <class Real>
void gram(std::int64_t n, std::int64_t k, const Real* a, std::int64_t lda, double* c, std::int64_t ldc) {
  if (n == 0) return;
  use_one_blas_thread();
  gram_lower(n, k, a, lda, c, ldc);
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < i; ++j) c[j * ldc + i] = c[i * ldc + j];
  }
}

void gram_block(std::int64_t m, std::int64_t n, std::int64_t k, const double* a, std::int64_t lda, const double* b, std::int64_t ldb, double* c,
                std::int64_t ldc) {
  gemm<double>(Transpose::no, Transpose::yes, m, n, k, 1.0, a, lda, b, ldb, 1.0, c, ldc);
}

void gram_block(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda, const float* b, std::int64_t ldb, double* c,
                std::int64_t ldc) {
  std::vector<float> partial(m * n);
  for (std::int64_t first = 0; first < k; first += gram_columns) {
    const std::int64_t width = std::min(gram_columns, k - first);
    gemm<float>(Transpose::no, Transpose::yes, m, n, width, 1.0f, a + first, lda, b + first, ldb, 0.0f, partial.data(), n);
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t j = 0; j < n; ++j) c[i * ldc + j] += partial[i * n + j];
    }
  }
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

}  // namespace

template <class Real>
const ProductTable<Real>& product_table() {
  static const ProductTable<Real> table{gemm<Real>, gram<Real>, gram_block};
  return table;
}
template const ProductTable<float>& product_table<float>();
template const ProductTable<double>& product_table<double>();

const SolverTable& solver_table() {
  static const SolverTable table{cholesky, cholesky_solve, symmetric_eigen};
  return table;
}

}  // namespace qs::kernels::cpu

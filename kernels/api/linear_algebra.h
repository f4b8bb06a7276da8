// Dense linear algebra, row-major. reference: plain loops; cpu: OpenBLAS/LAPACKE with one BLAS thread (fixed shapes give fixed bits); cuda: cuBLAS
// and cuSOLVER. Pointers lead into the memory of the device (kernels/api/memory.h).
#pragma once

#include <cstdint>

#include "kernels/api/device.h"

namespace qs::kernels {

enum class Transpose { no, yes };
// C[m,n] = alpha op(A) op(B) + beta C; leading dimensions in elements of the stored (untransposed) matrix.
template <class Real>
void gemm(Device device, Transpose ta, Transpose tb, std::int64_t m, std::int64_t n, std::int64_t k, Real alpha, const Real* a, std::int64_t lda,
          const Real* b, std::int64_t ldb, Real beta, Real* c, std::int64_t ldc);

// In-place Cholesky of a symmetric matrix (lower triangle used and overwritten). Returns 0, or the order of the first non-positive pivot.
std::int64_t cholesky(Device device, std::int64_t n, double* a, std::int64_t lda);
// Solves L L^T x = b in place with the factor of cholesky().
void cholesky_solve(Device device, std::int64_t n, const double* factor, std::int64_t lda, double* b);
// The factor in float32, for a preconditioner: half the time. Reads the strict upper triangle and the diagonal of a; the upper triangle and a[i][i],
// i > 0, stay. Row i of L takes the memory of row i from its beginning: float32 numbers, 2 lda of them from row to row. Returns as cholesky().
std::int64_t cholesky_float32(Device device, std::int64_t n, double* a, std::int64_t lda);
// Solves with it, in float32.
void cholesky_float32_solve(Device device, std::int64_t n, const double* factor, std::int64_t lda, double* b);
// Eigen-decomposition of a symmetric matrix: a is overwritten with eigenvectors in its *rows*, values ascending. Returns 0 or LAPACK's info.
std::int64_t symmetric_eigen(Device device, std::int64_t n, double* a, std::int64_t lda, double* values);

// a[i][i] = diagonal[i].
void set_diagonal(Device device, std::int64_t n, const double* diagonal, double* a, std::int64_t lda);
// a[j][i] = a[i][j] for i < j.
void mirror_upper(Device device, std::int64_t n, double* a, std::int64_t lda);
// y = A x, where A is the strict upper triangle of a, mirrored, and a diagonal of its own: what cholesky() leaves of a matrix.
void symmetric_multiply(Device device, std::int64_t n, const double* a, std::int64_t lda, const double* diagonal, const double* x, double* y);

}  // namespace qs::kernels

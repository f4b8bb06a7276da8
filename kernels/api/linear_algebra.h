// Dense linear algebra, row-major. reference: plain loops; cpu: OpenBLAS/LAPACKE with one BLAS thread (fixed shapes give fixed bits), and own kernels
// for the Gram products; cuda: cuBLAS and cuSOLVER. Pointers lead into the memory of the device (kernels/api/memory.h).
#pragma once

#include <cstdint>

#include "kernels/api/device.h"

namespace qs::kernels {

enum class Transpose { no, yes };
// In what precision a Gram product multiplies and adds up its Real factors: their own, or float64, in which X X^T is positive semidefinite to
// rounding even where the rows are float32.
enum class Arithmetic { own, wide };

// C[m,n] = alpha op(A) op(B) + beta C; leading dimensions in elements of the stored (untransposed) matrix.
template <class Real>
void gemm(Device device, Transpose ta, Transpose tb, std::int64_t m, std::int64_t n, std::int64_t k, Real alpha, const Real* a, std::int64_t lda,
          const Real* b, std::int64_t ldb, Real beta, Real* c, std::int64_t ldc);

// C[n,n] += A A^T for A [n,k] and symmetric C; both triangles filled. Real inputs, float64 result: with Arithmetic::own sums of at most 512 products
// are formed in Real and added in float64, so the error of float32 does not grow with k. An element has the same bits wherever the rows are cut into
// blocks (on cuda: for blocks of the same shape).
template <class Real>
void gram(Device device, Arithmetic arithmetic, std::int64_t n, std::int64_t k, const Real* a, std::int64_t lda, double* c, std::int64_t ldc);
// C[m,n] += A B^T, as gram but rectangular.
template <class Real>
void gram_block(Device device, Arithmetic arithmetic, std::int64_t m, std::int64_t n, std::int64_t k, const Real* a, std::int64_t lda, const Real* b,
                std::int64_t ldb, double* c, std::int64_t ldc);
// C[m,n] += A^T B for A [k,m], B [k,n]: gram_block of the columns.
template <class Real>
void column_gram_block(Device device, Arithmetic arithmetic, std::int64_t m, std::int64_t n, std::int64_t k, const Real* a, std::int64_t lda,
                       const Real* b, std::int64_t ldb, double* c, std::int64_t ldc);

// In-place Cholesky of a symmetric matrix (lower triangle used and overwritten). Returns 0, or the order of the first non-positive pivot.
std::int64_t cholesky(Device device, std::int64_t n, double* a, std::int64_t lda);
// Solves L L^T x = b in place with the factor of cholesky().
void cholesky_solve(Device device, std::int64_t n, const double* factor, std::int64_t lda, double* b);
// Eigen-decomposition of a symmetric matrix: a is overwritten with eigenvectors in its *rows*, values ascending. Returns 0 or LAPACK's info.
std::int64_t symmetric_eigen(Device device, std::int64_t n, double* a, std::int64_t lda, double* values);

}  // namespace qs::kernels

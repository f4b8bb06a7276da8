// Dense linear algebra, row-major. reference: plain loops; cpu: OpenBLAS/LAPACKE with one BLAS thread (fixed shapes give fixed bits); cuda: cuBLAS
// and cuSOLVER. Pointers lead into the memory of the device (kernels/api/memory.h). Leading dimensions count elements of the stored matrix.
#pragma once

#include <cstdint>

#include "kernels/api/device.h"
#include "kernels/api/gram.h"

namespace qs::kernels {

enum class Transpose { no, yes };

template <class Real>
struct MatrixTable {
  // C[m,n] = alpha op(A) op(B) + beta C.
  void (*gemm)(Transpose ta, Transpose tb, std::int64_t m, std::int64_t n, std::int64_t k, Real alpha, const Real* a, std::int64_t lda, const Real* b,
               std::int64_t ldb, Real beta, Real* c, std::int64_t ldc);

  // Vectors of a strip that suit the device. Any other number is allowed.
  std::int64_t gram_strip;
  // c += its tile of the product, for each of `count` tiles (an array of the host); tiles with left = right are filled on both sides of the diagonal,
  // exactly symmetric. With Arithmetic::own sums of at most gram_columns products are formed in Real and added in float64, so the error of float32
  // does not grow with k. An element has the same bits wherever the vectors are cut into strips, and whether k is done in one call or in several of
  // multiples of gram_columns (on cuda: for the same strips and the same calls).
  void (*gram_tiles)(Arithmetic arithmetic, GramFactor<Real> a, std::int64_t strip, const GramTile* tiles, std::int64_t count);

  // In-place Cholesky of a symmetric matrix (lower triangle used and overwritten). Returns 0, or the order of the first non-positive pivot.
  std::int64_t (*cholesky)(std::int64_t n, Real* a, std::int64_t lda);
  // Solves L L^T x = b in place with the factor of cholesky.
  void (*cholesky_solve)(std::int64_t n, const Real* factor, std::int64_t lda, Real* b);
};

// A symmetric matrix a [n, n] in float64.
struct SymmetricTable {
  // The lower triangle in float32, for a factor that only preconditions: half the time. Reads the strict upper triangle and the diagonal; the upper
  // triangle and a[i][i], i > 0, stay. Row i takes the memory of row i from its beginning: float32 numbers, 2 lda of them from row to row.
  void (*round_lower)(std::int64_t n, double* a, std::int64_t lda);
  // Eigen-decomposition: a is overwritten with eigenvectors in its *rows*, values ascending. Returns 0 or LAPACK's info.
  std::int64_t (*eigen)(std::int64_t n, double* a, std::int64_t lda, double* values);
  // a[i][i] = diagonal[i].
  void (*set_diagonal)(std::int64_t n, const double* diagonal, double* a, std::int64_t lda);
  // a[j][i] = a[i][j] for i < j.
  void (*mirror_upper)(std::int64_t n, double* a, std::int64_t lda);
  // y = A x, where A is the strict upper triangle of a, mirrored, and a diagonal of its own: what cholesky leaves of a matrix.
  void (*multiply)(std::int64_t n, const double* a, std::int64_t lda, const double* diagonal, const double* x, double* y);
};

template <class Real>
const MatrixTable<Real>& matrices(Device device);
const SymmetricTable& symmetric(Device device);

}  // namespace qs::kernels

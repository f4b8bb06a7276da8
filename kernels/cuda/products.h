// The matrix products of the CUDA device, as BLAS understands them: column-major. A row-major [m][n] matrix is a column-major [n][m] one.
#pragma once

#include <cstdint>

#include "kernels/api/linear_algebra.h"

namespace qs::kernels::cuda {

// C_i = alpha op(A_i) op(B_i) + beta C_i for 0 <= i < count: C_i [m, n] at c + i c_stride, and so on; a stride of 0 repeats a matrix.
template <class Real>
struct Product {
  Transpose ta, tb;
  std::int64_t m, n, k;
  Real alpha;
  const Real* a;
  std::int64_t lda, a_stride;
  const Real* b;
  std::int64_t ldb, b_stride;
  Real beta;
  Real* c;
  std::int64_t ldc, c_stride;
  std::int64_t count;
};

}  // namespace qs::kernels::cuda

// Symmetric matrices of the CUDA device between their products and their factor, on a Queue (see network.h).
#pragma once

#include <limits>

#include "engine/base/error.h"
#include "kernels/api/linear_algebra.h"
#include "kernels/cuda/bodies/rows.h"

namespace qs::kernels::cuda {

// a[k][k] = diagonal[k]
struct SetDiagonal {
  const double* diagonal;
  double* a;
  std::int64_t lda;

  QS_HOST_DEVICE void operator()(std::int64_t k) const { a[k * (lda + 1)] = diagonal[k]; }
};

// a[i][j] = a[j][i] for j < i. k = (i, j)
struct MirrorUpper {
  std::int64_t n;
  double* a;
  std::int64_t lda;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const std::int64_t i = k / n, j = k % n;
    if (j < i) a[i * lda + j] = a[j * lda + i];
  }
};

// Row i of the lower triangle in float32, from the beginning of the memory of row i: it reads the upper triangle and the diagonal alone, and writes
// over none of them but a[0][0], which the same k reads. k = (i, j)
struct RoundLower {
  std::int64_t n;
  double* a;
  std::int64_t lda;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const std::int64_t i = k / n, j = k % n;
    if (j <= i) reinterpret_cast<float*>(a)[2 * i * lda + j] = static_cast<float>(a[j * lda + i]);
  }
};

// Term j of row i of A x. A is its strict upper triangle and its diagonal.
struct SymmetricTerm {
  const double* a;
  std::int64_t lda;
  const double* diagonal;
  const double* x;

  QS_HOST_DEVICE double operator()(std::int64_t i, std::int64_t j) const {
    return (j > i ? a[i * lda + j] : j == i ? diagonal[i] : a[j * lda + i]) * x[j];
  }
};

template <class Queue>
struct Symmetric {
  static void set_diagonal(std::int64_t n, const double* diagonal, double* a, std::int64_t lda) {
    Queue().for_each(n, SetDiagonal{diagonal, a, lda});
  }
  static void mirror_upper(std::int64_t n, double* a, std::int64_t lda) { Queue().for_each(n * n, MirrorUpper{n, a, lda}); }
  static void round_lower(std::int64_t n, double* a, std::int64_t lda) { Queue().for_each(n * n, RoundLower{n, a, lda}); }
  static void multiply(std::int64_t n, const double* a, std::int64_t lda, const double* diagonal, const double* x, double* y) {
    QS_ASSERT(n <= std::numeric_limits<int>::max());
    Queue queue;
    queue.for_each(n, ClearSum{y});
    queue.sum_rows(n, static_cast<int>(n), y, SymmetricTerm{a, lda, diagonal, x});
  }

  static void install(SymmetricTable& table) {
    table.round_lower = round_lower;
    table.set_diagonal = set_diagonal;
    table.mirror_upper = mirror_upper;
    table.multiply = multiply;
  }
};

}  // namespace qs::kernels::cuda

// Row-major matrix products and Gram products of the CUDA device, on a Queue (see network.h).
#pragma once

#include <algorithm>

#include "kernels/cuda/host_device.h"
#include "kernels/cuda/products.h"

namespace qs::kernels::cuda {

// How much of the summed index is worked on at a time: float32 values converted to float64, and partial products of gram_columns terms kept. One
// tile of 512 x 512 occupies 16 of a hundred multiprocessors; a batch of slabs occupies all.
inline constexpr std::int64_t wide_columns = 16 * gram_columns;
inline constexpr std::int64_t slabs_at_once = 64;

// What a Gram product adds to C: all elements of the terms, or their lower triangles mirrored, which makes a symmetric product exactly symmetric.
enum class Terms { all, lower };

// wide[i][j] = narrow[i][j], wide contiguous. k = (i, j)
template <class Real>
struct WidenBlock {
  std::int64_t columns;
  const Real* narrow;
  std::int64_t stride;
  double* wide;

  QS_HOST_DEVICE void operator()(std::int64_t k) const { wide[k] = static_cast<double>(narrow[k / columns * stride + k % columns]); }
};

// c[i][j] += sum_s terms[s][i][j] in float64, in the order of s; terms [count][m][n]. k = (i, j)
template <class Real>
struct AddTerms {
  Terms which;
  std::int64_t count, m, n;
  const Real* terms;
  double* c;
  std::int64_t ldc;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const std::int64_t i = k / n, j = k % n;
    const std::int64_t from = which == Terms::lower && j > i ? j * n + i : k;
    double sum = 0;
    for (std::int64_t s = 0; s < count; ++s) sum += static_cast<double>(terms[s * m * n + from]);
    c[i * ldc + j] += sum;
  }
};

// The two factors of C [m, n] += A B^T (of rows: A [m, k], B [n, k]) or A^T B (of columns: A [k, m], B [k, n]).
template <class Real>
struct Factors {
  GramOf of;
  std::int64_t m, n, k;
  const Real* a;
  std::int64_t lda;
  const Real* b;
  std::int64_t ldb;

  // The factors from position `first` of the summed index on.
  Factors from(std::int64_t first, std::int64_t length) const {
    Factors part = *this;
    part.k = length;
    part.a += of == GramOf::rows ? first : first * lda;
    part.b += of == GramOf::rows ? first : first * ldb;
    return part;
  }
};

template <class Real, class Queue>
struct Matrices {
  // Row-major C = op(A) op(B) is column-major C^T = op(B)^T op(A)^T.
  static void gemm(Transpose ta, Transpose tb, std::int64_t m, std::int64_t n, std::int64_t k, Real alpha, const Real* a, std::int64_t lda,
                   const Real* b, std::int64_t ldb, Real beta, Real* c, std::int64_t ldc) {
    Queue().multiply(Product<Real>{tb, ta, n, m, k, alpha, b, ldb, 0, a, lda, 0, beta, c, ldc, 0, 1});
  }
  static void gram_tiles(Arithmetic arithmetic, GramFactor<Real> a, std::int64_t strip, const GramTile* tiles, std::int64_t count) {
    const auto vectors = [&](std::int64_t s) { return std::min(strip, a.n - s * strip); };
    const auto begin = [&](std::int64_t s) { return a.values + s * strip * (a.of == GramOf::rows ? a.leading : 1); };
    for (std::int64_t t = 0; t < count; ++t) {
      const auto [left, right, c, ldc] = tiles[t];
      add(arithmetic, {a.of, vectors(left), vectors(right), a.k, begin(left), a.leading, begin(right), a.leading},
          left == right ? Terms::lower : Terms::all, c, ldc);
    }
  }
  static void install(MatrixTable<Real>& table) {
    table.gemm = gemm;
    table.gram_strip = 512;
    table.gram_tiles = gram_tiles;
  }

 private:
  // terms[s] = product of slab s of the summed index, f.k long; C^T by columns is B A^T or B^T A.
  template <class T>
  static void multiply(Queue& queue, const Factors<T>& f, std::int64_t count, T* terms) {
    const bool of_rows = f.of == GramOf::rows;
    queue.multiply(Product<T>{of_rows ? Transpose::yes : Transpose::no, of_rows ? Transpose::no : Transpose::yes, f.n, f.m, f.k, 1, f.b, f.ldb,
                              of_rows ? f.k : f.k * f.ldb, f.a, f.lda, of_rows ? f.k : f.k * f.lda, 0, terms, f.n, f.m * f.n, count});
  }

  static void add(Arithmetic arithmetic, const Factors<Real>& f, Terms which, double* c, std::int64_t ldc) {
    if (f.m == 0 || f.n == 0) return;
    Queue queue;
    if (sizeof(Real) == sizeof(float) && arithmetic == Arithmetic::wide) {
      add_wide(queue, f, which, c, ldc);
    } else {
      add_slabs(queue, f, which, c, ldc);
    }
  }

  // Sums of gram_columns products in T, then float64.
  template <class T>
  static void add_slabs(Queue& queue, const Factors<T>& f, Terms which, double* c, std::int64_t ldc) {
    const std::int64_t whole = f.k / gram_columns, rest = f.k % gram_columns;
    auto terms = queue.template temporary<T>(std::max(std::min(whole, slabs_at_once), std::int64_t{1}) * f.m * f.n);
    const auto add_part = [&](const Factors<T>& part, std::int64_t count) {
      multiply(queue, part, count, terms.data());
      queue.for_each(f.m * f.n, AddTerms<T>{which, count, f.m, f.n, terms.data(), c, ldc});
    };
    for (std::int64_t slab = 0; slab < whole; slab += slabs_at_once) {
      add_part(f.from(slab * gram_columns, gram_columns), std::min(slabs_at_once, whole - slab));
    }
    if (rest > 0) add_part(f.from(whole * gram_columns, rest), 1);
  }

  // Everything in float64, the factors converted piece by piece.
  static void add_wide(Queue& queue, const Factors<Real>& f, Terms which, double* c, std::int64_t ldc) {
    const std::int64_t most = std::min(f.k, wide_columns);
    auto a = queue.template temporary<double>(f.m * most);
    auto b = queue.template temporary<double>(f.n * most);
    for (std::int64_t first = 0; first < f.k; first += wide_columns) {
      const Factors<Real> part = f.from(first, std::min(wide_columns, f.k - first));
      const bool of_rows = f.of == GramOf::rows;
      const std::int64_t a_columns = of_rows ? part.k : f.m, b_columns = of_rows ? part.k : f.n;
      queue.for_each(f.m * part.k, WidenBlock<Real>{a_columns, part.a, f.lda, a.data()});
      queue.for_each(f.n * part.k, WidenBlock<Real>{b_columns, part.b, f.ldb, b.data()});
      add_slabs(queue, Factors<double>{f.of, f.m, f.n, part.k, a.data(), a_columns, b.data(), b_columns}, which, c, ldc);
    }
  }
};

}  // namespace qs::kernels::cuda

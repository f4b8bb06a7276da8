// C += A B^T and its kin by cache blocks: a block of rows of each side is packed for `block_columns` columns, then tiles of registers run over it.
// The blocks stay in the second-level cache together with their part of C.
#include "kernels/cpu/gram_product.h"

#include "kernels/dispatch/linear_algebra_tables.h"

namespace qs::kernels::QS_ISA {
namespace {

constexpr std::int64_t block_columns = 256;
static_assert(block_columns <= gram_columns);
template <class Real>
constexpr std::int64_t block_rows = 8 * panel_rows<Real>;

inline std::int64_t at_most(std::int64_t value, std::int64_t limit) { return value < limit ? value : limit; }

// Which tiles of a block are formed: all, or those that touch the lower triangle of a block on the diagonal.
enum class Part { all, lower };

// C[m,n] += the product of the packed rows. The scalars of a tile stay in the first-level cache while the panels stream by from the second level, in
// order, which the prefetcher follows.
template <class Real>
void multiply_block(Part part, std::int64_t m, std::int64_t n, std::int64_t width, const Real* left, const Real* right, double* c, std::int64_t ldc) {
  constexpr int L = lanes<Real>, wide = panel_rows<Real>;
  for (std::int64_t i = 0; i < m; i += tile_rows) {
    const std::int64_t end = part == Part::lower ? at_most(n, i + tile_rows) : n;
    for (std::int64_t j = 0; j < end; j += wide) {
      const std::int64_t columns = at_most(end - j, wide);
      multiply_vectors<Real>(static_cast<int>((columns + L - 1) / L), width, left + i * width, right + j * width,
                             TileTarget{at_most(m - i, tile_rows), columns, c + i * ldc + j, ldc});
    }
  }
}

// Stored: type of A and B; Real: of the products.
template <Layout layout, class Real, class Stored>
void multiply_as(Part part, std::int64_t m, std::int64_t n, std::int64_t k, const Stored* a, std::int64_t lda, const Stored* b, std::int64_t ldb,
                 double* c, std::int64_t ldc) {
  constexpr std::int64_t size = block_rows<Real>;
  const auto padded = [](std::int64_t rows) { return (at_most(rows, size) + panel_rows<Real> - 1) / panel_rows<Real> * panel_rows<Real>; };
  const auto element = [](const Stored* x, std::int64_t ld, std::int64_t row, std::int64_t column) {
    return layout == Layout::row_major ? x + row * ld + column : x + column * ld + row;
  };
  const std::int64_t widest = at_most(k, block_columns);
  const Scratch<Real> scratch((2 * padded(m) + padded(n)) * widest);
  Real *left_panels = scratch.data(), *left = left_panels + padded(m) * widest, *right = left + padded(m) * widest;
  for (std::int64_t i = 0; i < m; i += size) {
    for (std::int64_t j = 0; j < (part == Part::lower ? i + 1 : n); j += size) {
      const bool diagonal = part == Part::lower && i == j;
      const std::int64_t rows = at_most(m - i, size), columns = at_most(n - j, size);
      for (std::int64_t first = 0; first < k; first += block_columns) {
        const std::int64_t width = at_most(k - first, block_columns);
        pack<layout>(rows, width, element(a, lda, i, first), lda, left_panels);
        split_into_tiles(rows, width, left_panels, left);
        if (!diagonal) pack<layout>(columns, width, element(b, ldb, j, first), ldb, right);
        multiply_block<Real>(diagonal ? Part::lower : Part::all, rows, columns, width, left, diagonal ? left_panels : right, c + i * ldc + j, ldc);
      }
    }
  }
}

template <Layout layout, class Real>
void multiply(Arithmetic arithmetic, Part part, std::int64_t m, std::int64_t n, std::int64_t k, const Real* a, std::int64_t lda, const Real* b,
              std::int64_t ldb, double* c, std::int64_t ldc) {
  if (arithmetic == Arithmetic::wide) return multiply_as<layout, double>(part, m, n, k, a, lda, b, ldb, c, ldc);
  multiply_as<layout, Real>(part, m, n, k, a, lda, b, ldb, c, ldc);
}

template <class Real>
void gram(Arithmetic arithmetic, std::int64_t n, std::int64_t k, const Real* a, std::int64_t lda, double* c, std::int64_t ldc) {
  multiply<Layout::row_major>(arithmetic, Part::lower, n, n, k, a, lda, a, lda, c, ldc);
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < i; ++j) c[j * ldc + i] = c[i * ldc + j];
  }
}

template <class Real>
void gram_block(Arithmetic arithmetic, std::int64_t m, std::int64_t n, std::int64_t k, const Real* a, std::int64_t lda, const Real* b,
                std::int64_t ldb, double* c, std::int64_t ldc) {
  multiply<Layout::row_major>(arithmetic, Part::all, m, n, k, a, lda, b, ldb, c, ldc);
}

template <class Real>
void column_gram_block(Arithmetic arithmetic, std::int64_t m, std::int64_t n, std::int64_t k, const Real* a, std::int64_t lda, const Real* b,
                       std::int64_t ldb, double* c, std::int64_t ldc) {
  multiply<Layout::column_major>(arithmetic, Part::all, m, n, k, a, lda, b, ldb, c, ldc);
}

}  // namespace

template <class Real>
const GramTable<Real>& gram_table() {
  static const GramTable<Real> table{gram<Real>, gram_block<Real>, column_gram_block<Real>};
  return table;
}
template const GramTable<float>& gram_table<float>();
template const GramTable<double>& gram_table<double>();

}  // namespace qs::kernels::QS_ISA

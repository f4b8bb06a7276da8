// C += A B^T and its kin by cache blocks: a block of rows of each side is packed for `block_columns` columns, then tiles of registers run over it.
// The blocks stay in the second-level cache together with their part of C.
#include "kernels/cpu/gram_product.h"

#include "kernels/dispatch/linear_algebra_tables.h"

namespace qs::kernels::QS_ISA {
namespace {

constexpr std::int64_t block_columns = 256;
static_assert(block_columns <= gram_columns);
// The least number of whole panels with 256 rows, the tile of minSR: rows packed once serve all its products.
template <class Real>
constexpr std::int64_t block_rows = (256 + panel_rows<Real> - 1) / panel_rows<Real>* panel_rows<Real>;

inline std::int64_t at_most(std::int64_t value, std::int64_t limit) { return value < limit ? value : limit; }

// Which tiles of a block are formed: all, or those that touch the lower triangle of a block on the diagonal.
enum class Part { all, lower };

// Packed rows of one block of columns.
template <class Real>
struct Packed {
  std::int64_t rows;
  const Real* panels;
};

inline std::int64_t at_least(std::int64_t value, std::int64_t limit) { return value > limit ? value : limit; }
inline std::int64_t quotient_up(std::int64_t n, std::int64_t d) { return (n + d - 1) / d; }

// C[m,n] += the product of the packed rows, while `next` is fetched, in equal shares per row of tiles. The scalars of a tile stay in the first-level
// cache while the panels stream by from the second level, in order, which the processor's prefetcher follows.
template <class Real>
void multiply_block(Part part, std::int64_t width, Packed<Real> left, Packed<Real> right, double* c, std::int64_t ldc, NextBlock next) {
  constexpr std::int64_t L = lanes<Real>, wide = panel_rows<Real>;
  const std::int64_t lines = at_least(next.left.lines(), next.right.lines()), stops = quotient_up(width, prefetch_columns);
  const std::int64_t lines_per_row = quotient_up(lines, quotient_up(left.rows, tile_rows));
  for (std::int64_t i = 0; i < left.rows; i += tile_rows) {
    const std::int64_t end = part == Part::lower ? at_most(right.rows, i + tile_rows) : right.rows;
    const Real* scalars = left.panels + i / wide * wide * width + i % wide;
    next.share = quotient_up(lines_per_row, quotient_up(end, wide) * stops);
    for (std::int64_t j = 0; j < end; j += wide) {
      const std::int64_t columns = at_most(end - j, wide);
      multiply_vectors<Real>(static_cast<int>(quotient_up(columns, L)), width, scalars, right.panels + j * width,
                             {at_most(left.rows - i, tile_rows), columns, c + i * ldc + j, ldc}, next);
    }
  }
}

// A factor: its element (row, column), and blocks of it.
template <Layout layout, class Stored>
struct Factor {
  const Stored* values;
  std::int64_t leading;

  const Stored* at(std::int64_t row, std::int64_t column) const {
    return layout == Layout::row_major ? values + row * leading + column : values + column * leading + row;
  }
  Prefetch prefetch(std::int64_t row, std::int64_t rows, std::int64_t column, std::int64_t columns) const {
    constexpr std::int64_t size = sizeof(Stored);
    if (layout == Layout::row_major) return {at(row, column), rows, columns * size, leading * size};
    return {at(row, column), columns, rows * size, leading * size};
  }
};

// C[rows from i, columns from j] += the product of the rows i .. of a and j .. of b. Stored: type of A and B; Real: of the products.
template <class Real, Layout layout, class Stored>
void multiply_rows(Part part, std::int64_t i, std::int64_t rows, std::int64_t j, std::int64_t columns, std::int64_t k, Factor<layout, Stored> a,
                   Factor<layout, Stored> b, Real* left, Real* right, double* c, std::int64_t ldc) {
  for (std::int64_t first = 0; first < k; first += block_columns) {
    const std::int64_t width = at_most(k - first, block_columns), after = first + width, next_width = at_most(k - after, block_columns);
    pack<layout>(rows, width, a.at(i, first), a.leading, left);
    if (part == Part::all) pack<layout>(columns, width, b.at(j, first), b.leading, right);
    NextBlock next;
    if (next_width > 0) next.left = a.prefetch(i, rows, after, next_width);
    if (next_width > 0 && part == Part::all) next.right = b.prefetch(j, columns, after, next_width);
    const Packed<Real> packed{rows, left};
    multiply_block<Real>(part, width, packed, part == Part::all ? Packed<Real>{columns, right} : packed, c, ldc, next);
  }
}

template <Layout layout, class Real, class Stored>
void multiply_as(Part part, std::int64_t m, std::int64_t n, std::int64_t k, const Stored* a, std::int64_t lda, const Stored* b, std::int64_t ldb,
                 double* c, std::int64_t ldc) {
  constexpr std::int64_t size = block_rows<Real>;
  const auto padded = [](std::int64_t rows) { return (at_most(rows, size) + panel_rows<Real> - 1) / panel_rows<Real> * panel_rows<Real>; };
  const std::int64_t widest = at_most(k, block_columns);
  const Scratch<Real> scratch((padded(m) + padded(n)) * widest);
  Real *left = scratch.data(), *right = left + padded(m) * widest;
  for (std::int64_t i = 0; i < m; i += size) {
    for (std::int64_t j = 0; j < (part == Part::lower ? i + 1 : n); j += size) {
      multiply_rows<Real, layout, Stored>(part == Part::lower && i == j ? Part::lower : Part::all, i, at_most(m - i, size), j, at_most(n - j, size),
                                          k, {a, lda}, {b, ldb}, left, right, c + i * ldc + j, ldc);
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

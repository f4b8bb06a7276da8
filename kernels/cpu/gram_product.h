// The pieces of C += A A^T: panels of packed rows and the block of C that stays in registers.
//
// A panel holds `panel_rows` rows of A as [column][row], zeros below the last row. The right factor is read as the lane vectors of a panel, the left
// one as scalars of `register_rows` neighbouring rows in a panel.
#pragma once

#include "kernels/cpu/simd.h"
#include "kernels/cpu/transpose.h"

namespace qs::kernels::QS_ISA {

// Registers of a block: register_rows x panel_vectors sums, panel_vectors values and a broadcast (8 x 3 + 4 of 32, 4 x 3 + 4 of 16; SSE2 needs a
// temporary for the product as well).
constexpr int register_rows = vector_registers / 4;
constexpr int panel_vectors = vector_bytes == 16 ? 2 : 3;
template <class Real>
constexpr int panel_rows = panel_vectors* lanes<Real>;
static_assert(panel_rows<float> % register_rows == 0 && panel_rows<double> % register_rows == 0);

// A register of Real from stored elements, which may be narrower.
inline Vec<float> load_stored(const float* a, float) { return load_unaligned<float>(a); }
inline Vec<double> load_stored(const double* a, double) { return load_unaligned<double>(a); }
inline Vec<double> load_stored(const float* a, double) {
  typedef float Half __attribute__((vector_size(vector_bytes / 2), may_alias, aligned(4)));
  return __builtin_convertvector(*reinterpret_cast<const Half*>(a), Vec<double>);
}

// v, loaded once into a register for all its uses. With 16 registers g++ 12 reads an operand of a block again at every multiply-add that can take it
// from memory, and the loads, two a cycle, hold up the multiply-adds, two a cycle as well (7 to 10 % of the float32 product on AVX2).
template <class Real>
inline Vec<Real> in_register(Vec<Real> v) {
  if constexpr (vector_registers == 16) asm("" : "+x"(v));
  return v;
}

// Columns 0 .. width - 1 of `rows` <= lanes rows into one lane vector of the panel.
template <class Stored, class Real>
inline void pack_transposed(std::int64_t rows, std::int64_t width, const Stored* a, std::int64_t lda, Real* panel) {
  constexpr int L = lanes<Real>, stride = panel_rows<Real>;
  std::int64_t column = 0;
  for (; column + L <= width; column += L) {
    Vec<Real> tile[L];
    if (rows >= L) {
#pragma GCC unroll 16
      for (int l = 0; l < L; ++l) tile[l] = load_stored(a + l * lda + column, Real{});
    } else {
#pragma GCC unroll 16
      for (int l = 0; l < L; ++l) tile[l] = l < rows ? load_stored(a + l * lda + column, Real{}) : Vec<Real>{};
    }
    transpose<Real>(tile);
#pragma GCC unroll 16
    for (int l = 0; l < L; ++l) store<Real>(panel + (column + l) * stride, tile[l]);
  }
  for (; column < width; ++column) {
    for (int l = 0; l < L; ++l) panel[column * stride + l] = l < rows ? static_cast<Real>(a[l * lda + column]) : Real{0};
  }
}

// All panels, column by column: the rows of a column are neighbours in memory, while the next column may be a page away.
template <class Stored, class Real>
inline void pack_columns(std::int64_t rows, std::int64_t width, const Stored* a, std::int64_t lda, Real* panels) {
  constexpr int L = lanes<Real>, stride = panel_rows<Real>;
  for (std::int64_t column = 0; column < width; ++column) {
    const Stored* from = a + column * lda;
    Real* to = panels + column * stride;
    std::int64_t row = 0;
    for (; row + stride <= rows; row += stride, to += stride * width) {
#pragma GCC unroll 3
      for (int v = 0; v < panel_vectors; ++v) store<Real>(to + v * L, load_stored(from + row + v * L, Real{}));
    }
    if (row == rows) continue;
    for (int r = 0; r < stride; ++r) to[r] = row + r < rows ? static_cast<Real>(from[row + r]) : Real{0};
  }
}

// Rows 0 .. rows - 1 and columns 0 .. width - 1 of `a` into consecutive panels of panel_rows * width elements.
template <class Stored, class Real>
inline void pack_rows(std::int64_t rows, std::int64_t width, const Stored* a, std::int64_t lda, Real* panels) {
  constexpr int L = lanes<Real>;
  for (std::int64_t row = 0; row < rows; row += panel_rows<Real>, panels += panel_rows<Real> * width) {
    for (int first = 0; first < panel_rows<Real>; first += L) {
      const std::int64_t valid = rows - row - first;
      pack_transposed(valid, width, a + (valid > 0 ? row + first : 0) * lda, lda, panels + first);
    }
  }
}

// The lines of rows that are packed next, brought to the second-level cache a few at a time: they lie pages apart, and the processor's own prefetcher
// stops at the end of a page.
class Prefetch {
 public:
  Prefetch() = default;
  // `runs` runs of `bytes` bytes, `stride` bytes apart.
  Prefetch(const void* from, std::int64_t runs, std::int64_t bytes, std::int64_t stride)
      : run_(static_cast<const char*>(from)), runs_(runs), bytes_(bytes), stride_(stride) {}

  std::int64_t lines() const { return runs_ * ((bytes_ + line - 1) / line); }
  // At most `count` lines; returns how many of them are left for somebody else.
  std::int64_t fetch(std::int64_t count) {
    for (; count > 0 && runs_ > 0; --count) {
      __builtin_prefetch(run_ + done_, 0, 2);
      done_ += line;
      if (done_ < bytes_) continue;
      done_ = 0;
      run_ += stride_;
      --runs_;
    }
    return count;
  }

 private:
  static constexpr std::int64_t line = 64;
  const char* run_ = nullptr;
  std::int64_t runs_ = 0, bytes_ = 0, stride_ = 0, done_ = 0;
};
// The pieces that are packed for the next columns: `share` lines every prefetch_columns columns of a block of registers. All at once they would hold
// up the loads of the block itself.
struct NextColumns {
  Prefetch* pieces;
  std::int64_t count, share;

  void fetch() {
    std::int64_t lines = share;
    while (count > 0 && (lines = pieces->fetch(lines)) > 0) {
      ++pieces;
      --count;
    }
  }
};
constexpr std::int64_t prefetch_columns = 32;

// c[0 .. count) += sums, in float64; count <= size.
template <class Real, int size>
inline void add_row(const Real (&sums)[size], std::int64_t count, double* c) {
  constexpr int L = lanes<double>;
#pragma GCC unroll 8
  for (int j = 0; j < size; j += L) {
    if (j + L <= count) {
      store_unaligned<double>(c + j, load_unaligned<double>(c + j) + load_stored(sums + j, double{}));
    } else {
      for (int l = j; l < j + L && l < count; ++l) c[l] += static_cast<double>(sums[l]);
    }
  }
}

// Part of C that a block of registers adds to.
struct Target {
  std::int64_t rows, columns;  // at most register_rows and the columns of the block's vectors
  double* c;
  std::int64_t ldc;
};

// Each element is one chain over the columns in their order: its bits do not depend on where a block begins.
template <class Real, int vectors>
inline void multiply_block(std::int64_t width, const Real* left, const Real* right, Target target, NextColumns& next) {
  constexpr int L = lanes<Real>;
  Vec<Real> sums[register_rows][vectors] = {};
  for (std::int64_t first = 0; first < width; first += prefetch_columns) {
    next.fetch();
    const std::int64_t end = first + prefetch_columns < width ? first + prefetch_columns : width;
    for (std::int64_t column = first; column < end; ++column, left += panel_rows<Real>, right += panel_rows<Real>) {
      Vec<Real> values[vectors];
#pragma GCC unroll 3
      for (int v = 0; v < vectors; ++v) values[v] = in_register<Real>(load<Real>(right + v * L));
#pragma GCC unroll 8
      for (int r = 0; r < register_rows; ++r) {
        const Vec<Real> factor = splat<Real>(left[r]);
#pragma GCC unroll 3
        for (int v = 0; v < vectors; ++v) sums[r][v] += factor * values[v];
      }
    }
  }
  alignas(vector_bytes) Real row[vectors * L];
#pragma GCC unroll 8
  for (int r = 0; r < register_rows; ++r) {
    if (r >= target.rows) return;
#pragma GCC unroll 3
    for (int v = 0; v < vectors; ++v) store<Real>(row + v * L, sums[r][v]);
    add_row<Real>(row, target.columns, target.c + r * target.ldc);
  }
}

// As above with the number of vectors known at run time only.
template <class Real, int most = panel_vectors>
inline void multiply_vectors(int vectors, std::int64_t width, const Real* left, const Real* right, Target target, NextColumns& next) {
  if constexpr (most > 1) {
    if (vectors < most) return multiply_vectors<Real, most - 1>(vectors, width, left, right, target, next);
  }
  multiply_block<Real, most>(width, left, right, target, next);
}

}  // namespace qs::kernels::QS_ISA

// Tiles of C += A A^T (or A^T A): all strips that the tiles need are packed for `block_columns` columns, once for all of them, then blocks of
// registers run over every tile. Two packed strips stay in the second-level cache together with their tile of C.
#include "kernels/cpu/gram_product.h"

#include "kernels/cpu/install.h"

namespace qs::kernels::QS_ISA {
namespace {

constexpr std::int64_t block_columns = 256;
static_assert(block_columns <= gram_columns && gram_columns % block_columns == 0);
// Whole panels in all instruction sets and precisions: 48 rows are the widest one. Two strips in float64 take 384 KiB.
constexpr std::int64_t strip_rows = 96;
static_assert(strip_rows % panel_rows<float> == 0 && strip_rows % panel_rows<double> == 0);

inline std::int64_t at_most(std::int64_t value, std::int64_t limit) { return value < limit ? value : limit; }
inline std::int64_t quotient_up(std::int64_t n, std::int64_t d) { return (n + d - 1) / d; }

// The strips of a factor that some tiles need. Stored: type of the factor; Real: of the products.
template <class Stored, class Real>
class PackedStrips {
 public:
  PackedStrips(GramFactor<Stored> a, std::int64_t strip, const GramTile* tiles, std::int64_t count)
      : a_(a), strip_(strip), place_(quotient_up(a.n, strip)), used_(quotient_up(a.n, strip)) {
    for (std::int64_t s = 0; s < quotient_up(a.n, strip); ++s) place_.data()[s] = -1;
    for (std::int64_t t = 0; t < count; ++t) {
      add(tiles[t].left);
      add(tiles[t].right);
    }
    padded_ = quotient_up(at_most(strip, a.n), panel_rows<Real>) * panel_rows<Real>;
  }

  std::int64_t count() const { return count_; }
  std::int64_t size(std::int64_t width) const { return count_ * padded_ * width; }
  std::int64_t vectors(std::int64_t s) const { return at_most(strip_, a_.n - s * strip_); }
  // Where strip s is packed in `packed`.
  Real* at(Real* packed, std::int64_t s, std::int64_t width) const { return packed + place_.data()[s] * padded_ * width; }

  void pack(std::int64_t first, std::int64_t width, Real* packed) const {
    for (std::int64_t u = 0; u < count_; ++u) {
      const std::int64_t s = used_.data()[u];
      if (a_.of == GramOf::rows) {
        pack_rows(vectors(s), width, element(s, first), a_.leading, at(packed, s, width));
      } else {
        pack_columns(vectors(s), width, element(s, first), a_.leading, at(packed, s, width));
      }
    }
  }
  // What pack() will read: one piece for every strip. Returns its lines.
  std::int64_t prefetch(std::int64_t first, std::int64_t width, Prefetch* pieces) const {
    constexpr std::int64_t size = sizeof(Stored);
    std::int64_t lines = 0;
    for (std::int64_t u = 0; u < count_; ++u) {
      const std::int64_t s = used_.data()[u];
      if (a_.of == GramOf::rows) {
        pieces[u] = {element(s, first), vectors(s), width * size, a_.leading * size};
      } else {
        pieces[u] = {element(s, first), width, vectors(s) * size, a_.leading * size};
      }
      lines += pieces[u].lines();
    }
    return lines;
  }

 private:
  void add(std::int64_t s) {
    if (place_.data()[s] >= 0) return;
    place_.data()[s] = count_;
    used_.data()[count_++] = s;
  }
  // The element k = `first` of the first vector of strip s.
  const Stored* element(std::int64_t s, std::int64_t first) const {
    return a_.values + (a_.of == GramOf::rows ? s * strip_ * a_.leading + first : s * strip_ + first * a_.leading);
  }

  GramFactor<Stored> a_;
  std::int64_t strip_, padded_ = 0, count_ = 0;
  Scratch<std::int64_t> place_, used_;  // place of a strip among the used ones, or -1; the used ones in turn
};

// Calls block(i, end) for every row i of blocks of registers, which need the columns [0, end): those on a tile of the diagonal stop there.
template <class Body>
inline void for_register_rows(std::int64_t rows, std::int64_t columns, bool diagonal, const Body& body) {
  for (std::int64_t i = 0; i < rows; i += register_rows) body(i, diagonal ? at_most(columns, i + register_rows) : columns);
}

// The scalars of a block stay in the first-level cache while the panels stream by from the second level, in order, which the processor's prefetcher
// follows.
template <class Real>
void multiply_strips(std::int64_t width, std::int64_t rows, const Real* left, std::int64_t columns, const Real* right, const GramTile& tile,
                     NextColumns& next) {
  constexpr std::int64_t L = lanes<Real>, wide = panel_rows<Real>;
  for_register_rows(rows, columns, tile.left == tile.right, [&](std::int64_t i, std::int64_t end) {
    const Real* scalars = left + i / wide * wide * width + i % wide;
    for (std::int64_t j = 0; j < end; j += wide) {
      const std::int64_t part = at_most(end - j, wide);
      multiply_vectors<Real>(static_cast<int>(quotient_up(part, L)), width, scalars, right + j * width,
                             {at_most(rows - i, register_rows), part, tile.c + i * tile.ldc + j, tile.ldc}, next);
    }
  });
}

// How often the tiles fetch something while they run over `width` columns.
template <class Stored, class Real>
std::int64_t stops(const PackedStrips<Stored, Real>& strips, std::int64_t width, const GramTile* tiles, std::int64_t count) {
  std::int64_t blocks = 0;
  for (std::int64_t t = 0; t < count; ++t) {
    for_register_rows(strips.vectors(tiles[t].left), strips.vectors(tiles[t].right), tiles[t].left == tiles[t].right,
                      [&](std::int64_t, std::int64_t end) { blocks += quotient_up(end, panel_rows<Real>); });
  }
  return blocks * quotient_up(width, prefetch_columns);
}

inline void mirror(std::int64_t n, const GramTile& tile) {
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < i; ++j) tile.c[j * tile.ldc + i] = tile.c[i * tile.ldc + j];
  }
}

template <class Real, class Stored>
void multiply_tiles(GramFactor<Stored> a, std::int64_t strip, const GramTile* tiles, std::int64_t count) {
  const PackedStrips<Stored, Real> strips(a, strip, tiles, count);
  const std::int64_t widest = at_most(a.k, block_columns);
  const Scratch<Real> packed(strips.size(widest));
  const Scratch<Prefetch> pieces(strips.count());
  for (std::int64_t first = 0; first < a.k; first += block_columns) {
    const std::int64_t width = at_most(a.k - first, block_columns), after = first + width, next_width = at_most(a.k - after, block_columns);
    strips.pack(first, width, packed.data());
    NextColumns next{pieces.data(), 0, 0};
    if (next_width > 0) {
      next.share = quotient_up(strips.prefetch(after, next_width, pieces.data()), stops(strips, width, tiles, count));
      next.count = strips.count();
    }
    for (std::int64_t t = 0; t < count; ++t) {
      const std::int64_t left = tiles[t].left, right = tiles[t].right;
      multiply_strips<Real>(width, strips.vectors(left), strips.at(packed.data(), left, width), strips.vectors(right),
                            strips.at(packed.data(), right, width), tiles[t], next);
    }
  }
  for (std::int64_t t = 0; t < count; ++t) {
    if (tiles[t].left == tiles[t].right) mirror(strips.vectors(tiles[t].left), tiles[t]);
  }
}

template <class Real>
void gram_tiles(Arithmetic arithmetic, GramFactor<Real> a, std::int64_t strip, const GramTile* tiles, std::int64_t count) {
  if (count == 0) return;
  if (arithmetic == Arithmetic::wide) return multiply_tiles<double>(a, strip, tiles, count);
  multiply_tiles<Real>(a, strip, tiles, count);
}

}  // namespace

template <class Real>
void install_gram(MatrixTable<Real>& table) {
  table.gram_strip = strip_rows;
  table.gram_tiles = gram_tiles<Real>;
}
template void install_gram(MatrixTable<float>&);
template void install_gram(MatrixTable<double>&);

}  // namespace qs::kernels::QS_ISA

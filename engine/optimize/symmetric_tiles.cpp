#include "engine/optimize/symmetric_tiles.h"

#include <algorithm>
#include <span>
#include <utility>

#include "engine/base/parallel.h"
#include "kernels/api/linear_algebra.h"

namespace qs {
namespace {

// The bits of two numbers in turn.
std::uint64_t morton_code(std::int64_t row, std::int64_t column) {
  std::uint64_t code = 0;
  for (int bit = 0; bit < 32; ++bit) {
    code |= (static_cast<std::uint64_t>(column) >> bit & 1) << (2 * bit);
    code |= (static_cast<std::uint64_t>(row) >> bit & 1) << (2 * bit + 1);
  }
  return code;
}

}  // namespace

std::vector<TileGrid::Place> TileGrid::places() const {
  const std::int64_t strips = (order + strip - 1) / strip;
  std::vector<Place> all;
  for (std::int64_t left = 0; left < strips; ++left) {
    for (std::int64_t right = left; right < strips; ++right) all.push_back({left, right});
  }
  std::sort(all.begin(), all.end(), [](const Place& a, const Place& b) { return morton_code(a.left, a.right) < morton_code(b.left, b.right); });
  return all;
}

std::vector<std::size_t> equal_parts(const TileGrid& grid, const std::vector<TileGrid::Place>& places, int parts) {
  std::int64_t total = 0;
  for (const TileGrid::Place& place : places) total += grid.work(place);
  std::vector<std::size_t> begin{0};
  std::int64_t done = 0;
  std::size_t next = 0;
  for (int part = 1; part <= parts; ++part) {
    const std::int64_t goal = total * part / parts;
    // A tile belongs to the part that its middle falls into.
    while (next < places.size() && done + grid.work(places[next]) / 2 < goal) done += grid.work(places[next++]);
    begin.push_back(part == parts ? places.size() : next);
  }
  return begin;
}

SymmetricTiles::SymmetricTiles(Communicator& comm, Device device, std::int64_t order)
    : comm_(comm),
      device_(device),
      grid_{order, kernels::matrices<double>(device).gram_strip},
      places_(grid_.places()),
      rank_begin_(equal_parts(grid_, places_, comm.size())) {
  on_all(comm, [&] {
    const auto mine = std::span(places_).subspan(first(comm.rank()), first(comm.rank() + 1) - first(comm.rank()));
    if (comm.is_root()) {
      matrix_ = Buffer<double>(device, static_cast<std::size_t>(order * order));
      for (const TileGrid::Place& place : mine) mine_.push_back({place.left, place.right, matrix_.data() + grid_.offset(place), order});
      return;
    }
    std::int64_t count = 0;
    for (const TileGrid::Place& place : mine) count += grid_.size(place);
    own_ = Buffer<double>(device, static_cast<std::size_t>(count));
    double* next = own_.data();
    for (const TileGrid::Place& place : mine) {
      mine_.push_back({place.left, place.right, next, grid_.rows(place.right)});
      next += grid_.size(place);
    }
  });
}

template <class Real>
void SymmetricTiles::add(kernels::Arithmetic arithmetic, const kernels::GramFactor<Real>& factor) {
  const std::vector<TileGrid::Place> places(places_.begin() + first(comm_.rank()), places_.begin() + first(comm_.rank() + 1));
  const std::vector<std::size_t> begin = equal_parts(grid_, places, threads());  // a tile has the same bits in whatever part it is
  parallel_for(threads(), [&](std::int64_t part) {
    kernels::matrices<Real>(device_).gram_tiles(arithmetic, factor, grid_.strip, mine_.data() + begin[part],
                                                static_cast<std::int64_t>(begin[part + 1] - begin[part]));
  });
}

// Tiles [begin, result) travel together: at least one.
std::size_t SymmetricTiles::piece_end(std::size_t begin) const {
  std::size_t end = begin + 1, count = static_cast<std::size_t>(grid_.size(places_[begin]));
  while (end < places_.size() && (count += static_cast<std::size_t>(grid_.size(places_[end]))) * sizeof(double) <= tile_piece_bytes) ++end;
  return end;
}

SymmetricTiles::Part SymmetricTiles::of_rank(const Part& piece, int rank) const {
  const std::size_t begin = std::clamp(first(rank), piece.begin, piece.end);
  return {begin, std::clamp(first(rank + 1), begin, piece.end)};
}

std::size_t SymmetricTiles::values(const Part& part) const {
  std::size_t count = 0;
  for (std::size_t t = part.begin; t < part.end; ++t) count += static_cast<std::size_t>(grid_.size(places_[t]));
  return count;
}

// Tiles that follow each other in `space`, to their places in the matrix.
void SymmetricTiles::store(const Part& piece, ExchangeSpace<double>& space) {
  const double* tile = space.data();
  for (std::size_t t = piece.begin; t < piece.end; ++t) {
    const std::int64_t rows = grid_.rows(places_[t].left), columns = grid_.rows(places_[t].right);
    space.take_rows(matrix_.data() + grid_.offset(places_[t]), grid_.order, tile, columns, columns, rows);
    tile += rows * columns;
  }
}

Buffer<double> SymmetricTiles::collect() {
  ExchangeSpace<double> space(comm_, device_);
  const double* next = own_.data();
  for (Part piece{first(1), 0}; piece.begin < places_.size(); piece.begin = piece.end) {
    piece.end = piece_end(piece.begin);
    std::vector<std::size_t> counts{0};  // bytes; the root's own tiles are in place
    for (int rank = 1; rank < comm_.size(); ++rank) counts.push_back(values(of_rank(piece, rank)) * sizeof(double));
    const std::size_t mine = counts[comm_.rank()] / sizeof(double);
    on_all(comm_, [&] {
      space.grow(comm_.is_root() ? values(piece) : mine);
      if (mine > 0) space.put_rows(space.data(), mine, std::exchange(next, next + mine), mine, mine, 1);
      space.settle();
    });
    comm_.gather_bytes(mine > 0 ? space.data() : nullptr, counts, space.data(), 0);
    on_root(comm_, [&] { store(piece, space); });
  }
  on_root(comm_, [&] { kernels::symmetric(device_).mirror_upper(grid_.order, matrix_.data(), grid_.order); });
  return std::move(matrix_);
}

template void SymmetricTiles::add(kernels::Arithmetic, const kernels::GramFactor<float>&);
template void SymmetricTiles::add(kernels::Arithmetic, const kernels::GramFactor<double>&);

}  // namespace qs

// A symmetric matrix that all ranks form together, in tiles. Each tile belongs to one thread of one rank, which adds every term of the sum to it in
// turn, so the bits depend neither on ranks nor on threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/comm/exchange_space.h"
#include "kernels/api/gram.h"
#include "kernels/api/memory.h"

namespace qs {

// The upper triangle of a matrix of `order` in strips of `strip` rows: neighbours in the list share strips (Morton order), so that a contiguous part
// of it needs few strips.
struct TileGrid {
  struct Place {
    std::int64_t left, right;  // strips, left <= right
  };
  std::int64_t order, strip;

  std::vector<Place> places() const;
  std::int64_t rows(std::int64_t s) const { return s * strip + strip <= order ? strip : order - s * strip; }
  // Of the first element of a tile in the whole matrix.
  std::int64_t offset(const Place& place) const { return (place.left * order + place.right) * strip; }
  std::int64_t size(const Place& place) const { return rows(place.left) * rows(place.right); }
  // Half of a tile on the diagonal is its mirror image.
  std::int64_t work(const Place& place) const { return place.left == place.right ? size(place) / 2 + 1 : size(place); }
};

// Cuts a list of places into `parts` contiguous parts of about equal work: [parts + 1] positions.
std::vector<std::size_t> equal_parts(const TileGrid& grid, const std::vector<TileGrid::Place>& places, int parts);

// Tiles travel to the root in pieces of about this size.
inline constexpr std::size_t tile_piece_bytes = std::size_t{16} << 20;

class SymmetricTiles {
 public:
  // Memory, on the device: the whole matrix on the root, whose tiles are part of it; my tiles elsewhere. Collective.
  SymmetricTiles(Communicator& comm, Device device, std::int64_t order);

  // C += the product of all vectors of a factor, which lies in the memory of the device. Local: every rank passes the same values.
  template <class Real>
  void add(kernels::Arithmetic arithmetic, const kernels::GramFactor<Real>& factor);

  // C [order, order] in the root's device; empty elsewhere. Collective, at the end.
  Buffer<double> collect();

 private:
  // Tiles [begin, end), in places_.
  struct Part {
    std::size_t begin, end;
  };
  std::size_t first(int rank) const { return rank_begin_[rank]; }
  std::size_t piece_end(std::size_t begin) const;
  Part of_rank(const Part& piece, int rank) const;
  std::size_t values(const Part& part) const;
  void store(const Part& piece, ExchangeSpace<double>& space);

  Communicator& comm_;
  Device device_;
  TileGrid grid_;
  std::vector<TileGrid::Place> places_;
  std::vector<std::size_t> rank_begin_;  // [ranks + 1], in places_
  Buffer<double> matrix_;                // root only
  Buffer<double> own_;                   // my tiles, of the other ranks
  std::vector<kernels::GramTile> mine_;
};

}  // namespace qs

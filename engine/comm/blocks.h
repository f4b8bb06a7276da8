// Work is divided into a fixed number of blocks (default 64) that never depends on the rank count; ranks own contiguous runs of blocks.
// Sums over blocks are joined by one pairwise tree, so their bits are the same on any number of ranks.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "engine/comm/communicator.h"
#include "kernels/api/device.h"

namespace qs {

inline constexpr int default_blocks = 64;

class Blocks {
 public:
  // `items` things (chains, basis states) in `blocks` blocks over `ranks` ranks; ranks <= blocks else InputError.
  Blocks(std::int64_t items, int ranks, int rank, int blocks = default_blocks);
  // At most default_blocks blocks of whole grains: `grain` items each, fewer only in the last grain. Few items make few blocks, and ranks without
  // any.
  static Blocks of_grains(std::int64_t items, std::int64_t grain, int ranks, int rank);

  int count() const { return blocks_; }
  int depth() const { return std::bit_width(static_cast<unsigned>(blocks_ - 1)); }  // of the tree over the blocks
  std::int64_t items() const { return items_; }
  std::int64_t begin(int block) const { return std::min(items_, grain_ * (grains_ * block / blocks_)); }  // first item of a block
  std::int64_t end(int block) const { return begin(block + 1); }
  int first_block(int rank) const { return static_cast<int>(std::int64_t{blocks_} * rank / ranks_); }
  int first() const { return first_block(rank_); }  // my blocks: [first(), last())
  int last() const { return first_block(rank_ + 1); }
  int owner(int block) const;
  std::int64_t my_begin() const { return begin(first()); }
  std::int64_t my_end() const { return begin(last()); }
  std::int64_t my_items() const { return my_end() - my_begin(); }

 private:
  Blocks(std::int64_t items, std::int64_t grain, std::int64_t grains, int blocks, int ranks, int rank);

  std::int64_t items_, grain_, grains_;
  int blocks_, ranks_, rank_;
};

// total[k] = pairwise tree over blocks of partial(block)[k]; the same bits for any rank count. `partial(block, out)` overwrites out [width] and is
// called for my blocks in order; it makes no collective calls, and if it throws on any rank all ranks throw. A node of the tree joins blocks
// [i 2^l, (i+1) 2^l): a rank joins the aligned runs among its blocks and only those partials travel (one on 2^k ranks, at most 2 log2(blocks)
// else; as many vectors again are alive). Result on every rank.
void tree_sum(Communicator& comm, const Blocks& blocks, std::int64_t width, const std::function<void(int block, std::span<double> out)>& partial,
              std::span<double> total);

// The same bits where the values come in segments that cost no more apart than together: partial(block, first, out) overwrites values
// [first, first + out.size()), first a multiple of `segment`, out no longer than it. All blocks of a segment are joined before the next, so that
// partials stay in the cache; segments run on threads.
void tree_sum_in_segments(Communicator& comm, const Blocks& blocks, std::int64_t width, std::int64_t segment,
                          const std::function<void(int block, std::int64_t first, std::span<double> out)>& partial, std::span<double> total);

// The same bits where a device computes the partials in its memory: partial(block, out) adds to `width` zeros there. Blocks are joined where they
// are, and what travels to the host is what travels to other ranks. Memory on the device: depth() + 1 times `width` values.
void tree_sum_on(Device device, Communicator& comm, const Blocks& blocks, std::int64_t width,
                 const std::function<void(int block, double* out)>& partial, std::span<double> total);

}  // namespace qs

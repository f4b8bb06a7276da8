#include "engine/comm/blocks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <mutex>

#include "engine/base/error.h"
#include "engine/base/random.h"

namespace qs {
namespace {

// Values of very different size, so that every change of order shows in the last bits.
double item(std::int64_t i, std::int64_t column) {
  const RandomWords words = random_words({.seed = 5}, static_cast<std::uint32_t>(i), column, 0);
  return std::ldexp(uniform01(words.word[0], words.word[1]) - 0.5, static_cast<int>(words.word[2] % 40));
}

std::vector<double> sum_on(int ranks, int blocks_count, std::int64_t items, std::int64_t width) {
  std::mutex mutex;
  std::vector<std::vector<double>> results;
  run_in_process(ranks, [&](Communicator& comm) {
    const Blocks blocks(items, comm.size(), comm.rank(), blocks_count);
    std::vector<double> total(width);
    tree_sum(
        comm, blocks, width,
        [&](int block, std::span<double> out) {
          for (std::int64_t k = 0; k < width; ++k) {
            out[k] = 0;
            for (std::int64_t i = blocks.begin(block); i < blocks.end(block); ++i) out[k] += item(i, k);
          }
        },
        total);
    const std::lock_guard lock(mutex);
    results.push_back(total);
  });
  for (const auto& result : results) EXPECT_EQ(result, results.front()) << "ranks of one job disagree";
  return results.front();
}

// The definition, by recursion over blocks [start, start + size).
double tree(const std::vector<double>& partial, std::size_t start, std::size_t size) {
  if (size == 1) return partial[start];
  const double left = tree(partial, start, size / 2);
  if (start + size / 2 >= partial.size()) return left;
  return left + tree(partial, start + size / 2, size / 2);
}

TEST(Blocks, PartitionEveryItemInOrderForAnyRankCount) {
  for (std::int64_t items : {0, 1, 63, 64, 1000}) {
    for (int ranks : {1, 2, 3, 5, 64}) {
      std::int64_t next = 0;
      for (int rank = 0; rank < ranks; ++rank) {
        const Blocks blocks(items, ranks, rank);
        EXPECT_EQ(blocks.my_begin(), next);
        EXPECT_EQ(blocks.my_items(), blocks.my_end() - blocks.my_begin());
        next = blocks.my_end();
        for (int block = blocks.first(); block < blocks.last(); ++block) EXPECT_EQ(blocks.owner(block), rank);
      }
      EXPECT_EQ(next, items);
    }
  }
}

TEST(Blocks, BoundariesDoNotDependOnTheRankCount) {
  const Blocks one(1000, 1, 0), seven(1000, 7, 3);
  for (int block = 0; block < default_blocks; ++block) EXPECT_EQ(one.begin(block), seven.begin(block));
}

TEST(Blocks, MoreRanksThanBlocksAreRefused) {
  EXPECT_THROW(Blocks(1000, 65, 0), InputError);
  EXPECT_NO_THROW(Blocks(1000, 64, 63));
}

TEST(Blocks, OfGrainsPartitionEveryItemAndCutOnlyBetweenGrains) {
  for (std::int64_t items : {0, 1, 31, 32, 384, 3696, 100000}) {
    for (int ranks : {1, 2, 3, 5, 64}) {
      std::int64_t next = 0;
      for (int rank = 0; rank < ranks; ++rank) {
        const Blocks blocks = Blocks::of_grains(items, 32, ranks, rank);
        EXPECT_EQ(blocks.my_begin(), next);
        next = blocks.my_end();
        for (int block = blocks.first(); block < blocks.last(); ++block) {
          EXPECT_EQ(blocks.owner(block), rank);
          EXPECT_EQ(blocks.begin(block) % 32, 0);
          EXPECT_TRUE(blocks.end(block) > blocks.begin(block) || items == 0);
        }
      }
      EXPECT_EQ(next, items);
    }
  }
}

TEST(Blocks, OfGrainsAreFewForFewItemsAndAtMostTheDefault) {
  EXPECT_EQ(Blocks::of_grains(384, 32, 2, 0).count(), 12);
  EXPECT_EQ(Blocks::of_grains(385, 32, 2, 0).count(), 13);
  EXPECT_EQ(Blocks::of_grains(100000, 32, 2, 0).count(), default_blocks);
  EXPECT_THROW(Blocks::of_grains(100000, 32, 65, 0), InputError);
}

TEST(TreeSum, FollowsTheRecursiveDefinition) {
  for (int count : {1, 2, 5, 48, 64}) {
    const Blocks blocks(777, 1, 0, count);
    std::vector<double> partial(count);
    for (int b = 0; b < count; ++b) {
      for (std::int64_t i = blocks.begin(b); i < blocks.end(b); ++i) partial[b] += item(i, 0);
    }

    EXPECT_EQ(sum_on(1, count, 777, 1)[0], tree(partial, 0, 64)) << count << " blocks";
  }
}

class TreeSumRanks : public ::testing::TestWithParam<int> {};

TEST_P(TreeSumRanks, GivesTheBitsOfOneRank) {
  EXPECT_EQ(sum_on(GetParam(), 64, 4096, 3), sum_on(1, 64, 4096, 3));
  EXPECT_EQ(sum_on(GetParam(), 48, 100, 3), sum_on(1, 48, 100, 3));
}

TEST_P(TreeSumRanks, GivesTheBitsOfOneRankForLongValuesThatTravelInSlices) { EXPECT_EQ(sum_on(GetParam(), 64, 130, 5003), sum_on(1, 64, 130, 5003)); }

INSTANTIATE_TEST_SUITE_P(Ranks, TreeSumRanks, ::testing::Values(2, 3, 4, 5, 6, 7, 8));

TEST_P(TreeSumRanks, InSegmentsGivesTheSameBitsAlsoToRanksWithoutBlocks) {
  constexpr std::int64_t items = 100, width = 5003;
  const auto fill = [](const Blocks& blocks, int block, std::int64_t first, std::span<double> out) {
    std::fill(out.begin(), out.end(), 0.0);
    for (std::int64_t i = blocks.begin(block); i < blocks.end(block); ++i) {
      for (std::size_t k = 0; k < out.size(); ++k) out[k] += item(i, first + static_cast<std::int64_t>(k));
    }
  };
  run_in_process(GetParam(), [&](Communicator& comm) {
    const Blocks blocks = Blocks::of_grains(items, 32, comm.size(), comm.rank());  // 4 blocks
    std::vector<double> whole(width), segments(width);
    tree_sum(
        comm, blocks, width, [&](int block, std::span<double> out) { fill(blocks, block, 0, out); }, whole);
    tree_sum_in_segments(
        comm, blocks, width, 512, [&](int block, std::int64_t first, std::span<double> out) { fill(blocks, block, first, out); }, segments);
    EXPECT_EQ(segments, whole);
    const Blocks alone = Blocks::of_grains(items, 32, 1, 0);
    std::vector<double> on_one(width);
    tree_sum(
        *self_communicator(), alone, width, [&](int block, std::span<double> out) { fill(alone, block, 0, out); }, on_one);
    EXPECT_EQ(whole, on_one);
  });
}

// A width that is no multiple of anything.
TEST_P(TreeSumRanks, OnADeviceGivesTheSameBits) {
  constexpr std::int64_t items = 1000, width = 5003;
  run_in_process(GetParam(), [&](Communicator& comm) {
    const Blocks blocks(items, comm.size(), comm.rank(), 48);
    const auto add = [&](int block, double* out) {
      for (std::int64_t i = blocks.begin(block); i < blocks.end(block); ++i) {
        for (std::int64_t k = 0; k < width; ++k) out[k] += item(i, k);
      }
    };
    const auto fill = [&](int block, std::span<double> out) {
      std::fill(out.begin(), out.end(), 0.0);
      add(block, out.data());
    };
    std::vector<double> on_host(width), on_device(width);
    tree_sum(comm, blocks, width, fill, on_host);
    tree_sum_on(Device::reference, comm, blocks, width, add, on_device);
    EXPECT_EQ(on_device, on_host);
  });
}

TEST(TreeSum, DiffersFromASumInRankOrder) {
  // Shows that the test data would reveal a dependence on the order.
  double in_order = 0;
  for (std::int64_t i = 0; i < 4096; ++i) in_order += item(i, 0);
  EXPECT_NE(in_order, sum_on(1, 64, 4096, 1)[0]);
  EXPECT_NEAR(in_order, sum_on(1, 64, 4096, 1)[0], 4096 * std::ldexp(1.0, 40) * 2.3e-16);
}

TEST(TreeSum, AFailureInOnePartialReachesEveryRank) {
  run_in_process(3, [](Communicator& comm) {
    const Blocks blocks(64, comm.size(), comm.rank());
    double total = 0;
    const auto partial = [&](int block, std::span<double> out) {
      if (block == 40) throw NumericalError("block 40");
      out[0] = 1;
    };
    EXPECT_THROW(tree_sum(comm, blocks, 1, partial, std::span<double>(&total, 1)), NumericalError);
  });
}

}  // namespace
}  // namespace qs

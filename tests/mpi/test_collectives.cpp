// The collectives of the engine on real MPI ranks; messages longer than 1 KiB travel in pieces (mpi_main.cpp).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/random.h"
#include "engine/comm/blocks.h"
#include "tests/mpi/mpi_main.h"

namespace qs {
namespace {

using testing_mpi::world;

// What rank r contributes: 3 r + 1 numbers (none from rank 1), or thousands.
std::vector<double> contribution(int rank, std::size_t scale) {
  std::vector<double> values(rank == 1 ? 0 : (3 * rank + 1) * scale);
  std::iota(values.begin(), values.end(), 1e6 * rank);
  return values;
}

std::vector<double> all_contributions(int ranks, std::size_t scale) {
  std::vector<double> all;
  for (int r = 0; r < ranks; ++r) {
    const std::vector<double> theirs = contribution(r, scale);
    all.insert(all.end(), theirs.begin(), theirs.end());
  }
  return all;
}

TEST(Collectives, AllGatherConcatenatesInRankOrder) {
  for (std::size_t scale : {1, 1000}) {
    EXPECT_EQ(world().all_gather<double>(contribution(world().rank(), scale)), all_contributions(world().size(), scale));
  }
}

TEST(Collectives, AllGatherTakesPiecesThatStandInPlace) {
  for (std::size_t scale : {1, 1000}) {
    const std::vector<double> expected = all_contributions(world().size(), scale);
    std::vector<double> all(expected.size());
    std::vector<std::size_t> counts;
    double* mine = all.data();
    for (int r = 0; r < world().size(); ++r) {
      counts.push_back(contribution(r, scale).size() * sizeof(double));
      if (r < world().rank()) mine += contribution(r, scale).size();
    }
    const std::vector<double> values = contribution(world().rank(), scale);
    std::copy(values.begin(), values.end(), mine);

    world().all_gather_bytes(mine, counts, all.data());

    EXPECT_EQ(all, expected);
  }
}

TEST(Collectives, GatherDeliversToAnyRoot) {
  for (std::size_t scale : {1, 1000}) {
    for (int root = 0; root < world().size(); ++root) {
      const std::vector<double> mine = contribution(world().rank(), scale), expected = all_contributions(world().size(), scale);
      std::vector<std::size_t> counts;
      for (int r = 0; r < world().size(); ++r) counts.push_back(contribution(r, scale).size() * sizeof(double));
      std::vector<double> all(world().rank() == root ? expected.size() : 0);

      world().gather_bytes(mine.data(), counts, all.data(), root);

      if (world().rank() == root) {
        EXPECT_EQ(all, expected);
      }
    }
  }
}

TEST(Collectives, BroadcastReachesEveryRankFromAnyRoot) {
  for (std::size_t length : {0, 1, 128, 5000}) {
    for (int root = 0; root < world().size(); ++root) {
      std::vector<double> data(length, -1.0), expected(length);
      std::iota(expected.begin(), expected.end(), root);
      if (world().rank() == root) data = expected;

      world().broadcast(std::span<double>(data), root);

      EXPECT_EQ(data, expected);
    }
  }
}

TEST(Collectives, StringsSumsAndMaximaAgree) {
  const int root = world().size() - 1;
  std::string text = world().rank() == root ? "last rank" : "something that is longer";
  world().broadcast_string(text, root);
  EXPECT_EQ(text, "last rank");

  const std::int64_t size = world().size();
  EXPECT_EQ(world().sum(world().rank()), size * (size - 1) / 2);
  EXPECT_EQ(world().max(-world().rank()), 0);
}

TEST(Collectives, AnErrorOfTheLastRankIsThrownByAll) {
  const int last = world().size() - 1;
  try {
    on_all(world(), [&] {
      if (world().rank() == last) throw MemoryError("rank " + std::to_string(last));
    });
    ADD_FAILURE() << "no error";
  } catch (const MemoryError& error) {
    EXPECT_EQ(error.what(), "rank " + std::to_string(last));
  }
  EXPECT_THROW(on_root(world(), [] { throw FileError("disk"); }), FileError);
}

TEST(Collectives, TreeSumEqualsTheSumOfOneRankBitForBit) {
  for (std::int64_t width : {1, 5, 3000}) {
    const auto fill = [](int block, std::span<double> out) {
      for (std::size_t k = 0; k < out.size(); ++k) {
        const RandomWords words = random_words({.seed = 1}, static_cast<std::uint32_t>(block), k, 0);
        out[k] = uniform01(words.word[0], words.word[1]) * static_cast<double>(1u << (words.word[2] % 30));
      }
    };
    std::vector<double> total(width), alone(width);

    tree_sum(world(), Blocks(64, world().size(), world().rank()), width, fill, total);
    tree_sum(*self_communicator(), Blocks(64, 1, 0), width, fill, alone);

    EXPECT_EQ(total, alone);
  }
}

TEST(Collectives, TheLibraryNamesItself) { EXPECT_THAT(MpiSession::library_version(), ::testing::StartsWith("Open MPI v")); }

}  // namespace
}  // namespace qs

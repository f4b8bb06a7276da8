// The tiles of a symmetric matrix and who forms them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/base/parallel.h"
#include "engine/optimize/symmetric_tiles.h"

namespace qs {
namespace {

std::vector<double> some_values(std::int64_t count) {
  std::vector<double> values(count);
  for (std::int64_t i = 0; i < count; ++i) values[i] = static_cast<double>((i * 7919) % 1009) / 1009 - 0.5;
  return values;
}

TEST(TileGrid, CoversTheUpperTriangleOnce) {
  const TileGrid grid{250, 96};
  std::vector<int> covered(250 * 250, 0);
  for (const auto& [left, right] : grid.places()) {
    for (std::int64_t i = 0; i < grid.rows(left); ++i) {
      for (std::int64_t j = 0; j < grid.rows(right); ++j) ++covered[(left * 96 + i) * 250 + right * 96 + j];
    }
  }
  for (std::int64_t i = 0; i < 250; ++i) {
    for (std::int64_t j = i; j < 250; ++j) ASSERT_EQ(covered[i * 250 + j], 1) << i << ", " << j;
  }
}

// No part has more than its share by over one tile; together they are everything.
TEST(TileGrid, IsCutIntoPartsOfEqualWork) {
  for (const std::int64_t order : {1, 95, 1024, 3000}) {
    const TileGrid grid{order, 96};
    const std::vector<TileGrid::Place> places = grid.places();
    std::int64_t all = 0;
    for (const auto& place : places) all += grid.work(place);
    for (const int parts : {1, 2, 7, 64}) {
      const std::vector<std::size_t> begin = equal_parts(grid, places, parts);
      ASSERT_EQ(begin.size(), parts + 1u);
      EXPECT_EQ(begin.front(), 0u);
      EXPECT_EQ(begin.back(), places.size());
      for (int part = 0; part < parts; ++part) {
        ASSERT_LE(begin[part], begin[part + 1]);
        std::int64_t work = 0;
        for (std::size_t t = begin[part]; t < begin[part + 1]; ++t) work += grid.work(places[t]);
        EXPECT_LE(work, all / parts + 96 * 96 + 1) << order << " in " << parts;
      }
    }
  }
}

TEST(TileGrid, GivesNeighboursCommonStrips) {
  const TileGrid grid{96 * 32, 96};
  const std::vector<TileGrid::Place> places = grid.places();
  const std::vector<std::size_t> begin = equal_parts(grid, places, 16);
  for (int part = 0; part < 16; ++part) {
    std::vector<std::int64_t> strips;
    for (std::size_t t = begin[part]; t < begin[part + 1]; ++t) strips.insert(strips.end(), {places[t].left, places[t].right});
    std::sort(strips.begin(), strips.end());
    strips.erase(std::unique(strips.begin(), strips.end()), strips.end());
    EXPECT_LE(strips.size(), 20u) << "of 32, for 33 tiles, which need 12 at the least";
  }
}

// Two additions; every number of ranks and threads.
TEST(SymmetricTiles, HaveTheSameBitsOnAnyNumberOfRanksAndThreads) {
  const std::int64_t n = 230, k = 700;
  const std::vector<double> a = some_values(n * k);
  const auto formed = [&](int ranks) {
    std::vector<double> result;
    run_in_process(ranks, [&](Communicator& comm) {
      SymmetricTiles tiles(comm, Device::cpu, n);
      tiles.add<double>(kernels::Arithmetic::own, {kernels::GramOf::rows, n, 512, a.data(), k});
      tiles.add<double>(kernels::Arithmetic::own, {kernels::GramOf::rows, n, k - 512, a.data() + 512, k});
      const Buffer<double> matrix = tiles.collect();
      EXPECT_EQ(matrix.size(), comm.is_root() ? n * n : 0u);
      if (comm.is_root()) result.assign(matrix.data(), matrix.data() + n * n);
    });
    return result;
  };

  const std::vector<double> once = formed(1);
  for (std::int64_t i = 0; i < n; i += 13) {
    for (std::int64_t j = 0; j < n; j += 7) {
      double sum = 0;
      for (std::int64_t l = 0; l < k; ++l) sum += a[i * k + l] * a[j * k + l];
      ASSERT_NEAR(once[i * n + j], sum, 1e-11);
      ASSERT_EQ(once[i * n + j], once[j * n + i]);
    }
  }
  for (const int ranks : {2, 3, 8}) EXPECT_EQ(once, formed(ranks)) << ranks;
  for (const int workers : {2, 5}) {
    set_threads(workers);
    const std::vector<double> threaded = formed(1);
    set_threads(1);
    EXPECT_EQ(once, threaded) << workers;
  }
}

}  // namespace
}  // namespace qs

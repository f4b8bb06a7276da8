#include "engine/statistics/jackknife.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "engine/base/random.h"

namespace qs {
namespace {

double normal(std::uint32_t run, std::uint64_t i) {
  const RandomWords w = random_words({.seed = 17}, run, i, 0);
  return std::sqrt(-2 * std::log(1 - uniform01(w.word[0], w.word[1]))) * std::cos(6.283185307179586 * uniform01(w.word[2], w.word[3]));
}

TEST(Jackknife, OfAMeanIsItsStandardError) {
  BlockSums blocks;
  double sum = 0, squares = 0;
  const int count = 20;
  for (int b = 0; b < count; ++b) {
    const double x = normal(0, b);
    blocks.push_back({x, 1});
    sum += x;
    squares += x * x;
  }
  const double expected = (squares - sum * sum / count) / (count - 1) / count;
  EXPECT_NEAR(jackknife_variance(blocks, [](std::span<const double> s) { return s[0] / s[1]; }), expected, 1e-14);
}

// Of a ratio over many runs: the mean of the variances is the variance of the ratios.
TEST(Jackknife, OfARatioIsItsVarianceOverRuns) {
  const auto ratio = [](std::span<const double> s) { return s[0] / s[1]; };
  const int runs = 2000, count = 32;
  double mean = 0, square = 0, variances = 0;
  for (int run = 0; run < runs; ++run) {
    BlockSums blocks;
    for (int b = 0; b < count; ++b) {
      const double x = 1 + 0.3 * normal(run, 2 * b), y = 2 + 0.5 * x + 0.2 * normal(run, 2 * b + 1);
      blocks.push_back({x, y});
    }
    const double value = ratio(total_of(blocks));
    mean += value / runs;
    square += value * value / runs;
    variances += jackknife_variance(blocks, ratio) / runs;
  }
  EXPECT_NEAR(variances / (square - mean * mean), 1, 5 * std::sqrt(2.0 / runs));
}

TEST(Jackknife, OfOneBlockIsUnknown) {
  EXPECT_TRUE(std::isnan(jackknife_variance({{1, 2}}, [](std::span<const double> s) { return s[0]; })));
}

}  // namespace
}  // namespace qs

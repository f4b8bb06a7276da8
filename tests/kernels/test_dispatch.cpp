#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <stdexcept>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/parallel.h"
#include "kernels/api/network.h"
#include "kernels/dispatch/instruction_set.h"
#include "tests/kernels/lane_array.h"

namespace qs::test {
namespace {

using kernels::Write;

TEST(Dispatch, LowersTheInstructionSetOnRequestAndNeverRaisesIt) {
  using enum InstructionSet;
  EXPECT_EQ(choose_instruction_set(avx512, nullptr), avx512);
  EXPECT_EQ(choose_instruction_set(avx512, ""), avx512);
  EXPECT_EQ(choose_instruction_set(avx512, "avx2"), avx2);
  EXPECT_EQ(choose_instruction_set(avx512, "baseline"), baseline);
  EXPECT_EQ(choose_instruction_set(baseline, "avx512"), baseline);
}

TEST(Dispatch, RefusesAnUnknownInstructionSetByName) {
  try {
    choose_instruction_set(InstructionSet::avx512, "sse9");
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("sse9"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("baseline, avx2 or avx512"), std::string::npos);
  }
}

TEST(Dispatch, NamesTheActiveInstructionSet) { EXPECT_EQ(cpu_instruction_set(), name_of(active_instruction_set())); }

template <class Real>
LaneArray<Real> dense_on(Device device) {
  const kernels::DenseShape s{3, 9, 11, 16};
  const auto x = random_array<Real>(s.tokens * s.in * s.rows, 1), w = random_array<Real>(s.in * s.out, 2);
  LaneArray<Real> y(s.tokens * s.out * s.rows);
  kernels::network<Real>(device).dense(s, x.data(), w.data(), nullptr, y.data(), Write::overwrite);
  return y;
}

TEST(Dispatch, RunsThePrimitiveOfTheDeviceItIsGiven) {
  const auto cpu = dense_on<float>(Device::cpu), reference = dense_on<float>(Device::reference);

  // 9 terms below 1: close, although the summation differs.
  for (std::int64_t k = 0; k < cpu.size(); ++k) EXPECT_NEAR(cpu[k], reference[k], 9 * 10 * 1.2e-7);
}

TEST(Parallel, RunsEveryIndexOnceOnAnyNumberOfThreads) {
  for (const int count : {1, 3}) {
    set_threads(count);
    std::vector<std::atomic<int>> visits(101);
    parallel_for(101, [&](std::int64_t i) { ++visits[i]; });
    for (const auto& visit : visits) EXPECT_EQ(visit, 1);
  }
  set_threads(1);
}

TEST(Parallel, RethrowsTheFailureOfTheLowestIndex) {
  set_threads(3);
  try {
    parallel_for(20, [](std::int64_t i) {
      if (i % 7 == 5) throw std::runtime_error(std::to_string(i));
    });
    FAIL() << "no exception";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "5");
  }
  set_threads(1);
}

TEST(Parallel, TakesNumbersBelowTheNormalRangeAsZeroInsideAndOnlyInside) {
#if defined(__SSE2__)
  const volatile float smallest = std::numeric_limits<float>::min();
  for (const int count : {1, 4}) {
    set_threads(count);
    std::vector<float> half(8, 1.0F);
    parallel_for(8, [&](std::int64_t i) { half[i] = smallest / 2; });
    EXPECT_EQ(half, std::vector<float>(8, 0.0F)) << count << " threads";
    const float outside = smallest / 2;
    EXPECT_GT(outside, 0.0F) << "the caller's own mode is back";
  }
  set_threads(1);
#else
  GTEST_SKIP() << "this processor's mode for numbers below the normal range is left alone";
#endif
}

}  // namespace
}  // namespace qs::test

// Metropolis chains: the meaning of one decision by hand, and the bodies of the CUDA kernels on the host's queue against the host, bit for bit.
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

#include "kernels/api/recording.h"
#include "kernels/cuda/chains.h"
#include "tests/kernels/host_queue.h"
#include "tests/kernels/random_chains.h"

namespace qs::test {
namespace {

using kernels::ChainTable;

const ChainTable& host() { return kernels::chains(Device::reference); }
const ChainTable& bodies() {
  static const ChainTable table = kernels::cuda::MarkovChains<HostQueue>::table();
  return table;
}

struct Decision {
  double re;         // Re log psi of the candidate; the current one is 0
  double log_ratio;  // L
  bool accepted, invalid;
};

TEST(Chains, DecideAsTheFormulaSays) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  constexpr RandomKey key{.seed = 1, .stage = 2};
  const RandomWords words = random_words(key, 9, 41, kernels::draw_choice);
  const double log_u = std::log(uniform01(words.word[0], words.word[1])), little = 1e-9;
  for (const ChainTable* table : {&host(), &bodies()}) {
    for (const double power : {2.0, 0.5}) {
      for (const Decision& d :
           {Decision{(log_u + little) / power, 0, true, false}, Decision{(log_u - little) / power, 0, false, false},
            Decision{(log_u + little - 0.7) / power, 0.7, true, false}, Decision{(log_u - little - 0.7) / power, 0.7, false, false},
            Decision{-infinity, 800, false, false}, Decision{infinity, 0, false, true}, Decision{nan, 0, false, true}}) {
        std::uint64_t row = 0b0011, candidate = 0b0101, step = 41;
        double re = 0, im = 0.1, candidate_re = d.re, candidate_im = 0.2, log_ratio = d.log_ratio;
        std::int32_t problem = 0, move = 1, flips = 2;
        std::int64_t proposed[2] = {5, 5}, accepted[2] = {5, 5}, invalid = 5;

        table->accept(2, key, power, {1, 1, 9, &row, &problem, &re, &im, &step, 6, proposed, accepted, &invalid},
                      {&candidate, &candidate_re, &candidate_im, &move, &flips, &log_ratio});

        EXPECT_EQ(row, d.accepted ? 0b0101u : 0b0011u) << d.re;
        EXPECT_EQ(re, d.accepted ? d.re : 0);
        EXPECT_EQ(im, d.accepted ? 0.2 : 0.1);
        EXPECT_EQ(step, 42u);
        EXPECT_EQ(proposed[0], 5);
        EXPECT_EQ(proposed[1], 6);
        EXPECT_EQ(accepted[0], 5);
        EXPECT_EQ(accepted[1], d.accepted ? 6 : 5);
        EXPECT_EQ(invalid, d.invalid ? 6 : 5);
      }
    }
  }
}

TEST(Chains, ThatFindNoProposalStayAndCountIt) {
  const std::uint64_t partners[] = {0b10, 0b01};
  const double log_count[] = {-HUGE_VAL, 0}, edge = 1;
  const kernels::MoveTable swap{kernels::MoveRule::swap, 2, 1, partners, log_count};
  for (const ChainTable* table : {&host(), &bodies()}) {
    std::uint64_t row = 0b11, candidate = 0, step = 6;
    double re = 0, im = 0, candidate_re = 3, candidate_im = 3, log_ratio = 7;  // not to be read
    std::int32_t problem = 0, move = 7, flips = 7;
    std::int64_t proposed = 0, accepted = 0, invalid = 0;
    const kernels::Chains chains{1, 1, 9, &row, &problem, &re, &im, &step, 100, &proposed, &accepted, &invalid};
    const kernels::Candidates candidates{&candidate, &candidate_re, &candidate_im, &move, &flips, &log_ratio};

    table->propose({1, &swap, &edge}, {.seed = 1}, chains, candidates);
    EXPECT_EQ(candidate, 0b11u);
    EXPECT_EQ(flips, 0);
    table->accept(1, {.seed = 1}, 2, chains, candidates);

    EXPECT_EQ(row, 0b11u);
    EXPECT_EQ(re, 0);
    EXPECT_EQ(step, 7u);
    EXPECT_EQ(proposed, 1);
    EXPECT_EQ(accepted, 0);
    EXPECT_EQ(invalid, 0);
  }
}

// The last proposal of each sweep, in half of the cases, by a coin of each chain.
TEST(Chains, RestBeforeTheEndOfASweepWithoutCounting) {
  const std::uint64_t partners[] = {0b10, 0b01};
  const double log_count[] = {-HUGE_VAL, 0}, edge = 1;
  const kernels::MoveTable swap{kernels::MoveRule::swap, 2, 1, partners, log_count};
  constexpr std::int64_t count = 1000, sweeps = 4;
  constexpr std::uint64_t sweep = 3;
  for (const ChainTable* table : {&host(), &bodies()}) {
    std::vector<std::uint64_t> row(count, 0b01), candidate(count), step(count, 0);
    std::vector<double> re(count), im(count), candidate_re(count), candidate_im(count), log_ratio(count);
    std::vector<std::int32_t> problem(count), move(count), flips(count);
    std::vector<std::int64_t> proposed(count), accepted(count), invalid(count), rests(count);
    const kernels::Chains chains{count,     1,           0,     row.data(),      problem.data(),  re.data(),
                                 im.data(), step.data(), sweep, proposed.data(), accepted.data(), invalid.data()};
    const kernels::Candidates candidates{candidate.data(), candidate_re.data(), candidate_im.data(), move.data(), flips.data(), log_ratio.data()};
    for (std::uint64_t t = 0; t < sweeps * sweep; ++t) {
      table->propose({1, &swap, &edge}, {.seed = 1}, chains, candidates);
      std::int64_t resting = 0;
      for (std::int64_t c = 0; c < count; ++c) {
        if (flips[c] != kernels::resting) continue;
        EXPECT_EQ(candidate[c], row[c]);
        ++rests[c];
        ++resting;
      }
      if (t % sweep == sweep - 1) {
        EXPECT_NEAR(resting, count / 2, 4 * std::sqrt(count / 4));
      } else {
        EXPECT_EQ(resting, 0) << t;
      }
      table->accept(1, {.seed = 1}, 2, chains, candidates);
    }
    for (std::int64_t c = 0; c < count; ++c) {
      EXPECT_EQ(step[c], sweeps * sweep);
      EXPECT_EQ(proposed[c], static_cast<std::int64_t>(sweeps * sweep) - rests[c]);
      EXPECT_EQ(accepted[c], proposed[c]);
      EXPECT_EQ(row[c], proposed[c] % 2 == 0 ? 0b01u : 0b10u);
      EXPECT_EQ(invalid[c], 0);
    }
  }
}

// 40 proposals across a carry of the step counter; two words, three moves, three problems.
TEST(Chains, OfTheDeviceAreThoseOfTheHostBitForBit) {
  for (const double power : {2.0, 1.3}) {
    RandomChains expected(Device::reference), found(Device::reference);
    const ChainRecord before = expected.record();

    expected.advance(host(), power, 40);
    found.advance(bodies(), power, 40);

    const ChainRecord want = expected.record();
    EXPECT_EQ(found.record(), want);
    EXPECT_NE(want.rows, before.rows);
    EXPECT_EQ(std::set<std::int32_t>(want.move.begin(), want.move.end()), (std::set<std::int32_t>{0, 1, 2}));
    std::int64_t sums[3] = {};
    for (std::size_t i = 0; i < want.counts.size(); ++i) sums[i / (RandomChains::count * RandomChains::moves)] += want.counts[i];
    EXPECT_GT(sums[0], 33 * RandomChains::count);  // a sixth of the proposals are the last of a sweep, half of them are not made
    EXPECT_LT(sums[0], 40 * RandomChains::count);
    EXPECT_GT(sums[1], RandomChains::count);
    EXPECT_GT(sums[2], RandomChains::count);
  }
}

TEST(Recording, OfTheHostMakesEveryCall) {
  int calls = 0;
  Recording recording(Device::cpu, [&] { ++calls; });
  for (int i = 1; i <= 4; ++i) {
    recording.run();
    EXPECT_EQ(calls, i);
  }
}

}  // namespace
}  // namespace qs::test

// Tempered chains: the swap against the exact distributions, the joint distribution of the replicas, two wells, ranks and restarts.
#include "engine/sampling/tempering.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <optional>

#include "engine/base/error.h"
#include "engine/sampling/sampler.h"
#include "engine/statistics/diagnosis.h"
#include "engine/statistics/estimate.h"
#include "table_wavefunction.h"

namespace qs {
namespace {

using namespace testing_table;  // NOLINT: systems of the tests

const MoveOptions hop{.kind = MoveKind::hop};

// pi(x) pi'(y) A(x, y) = pi(y) pi'(x) A(y, x) on all pairs of states.
TEST(Swap, IsInDetailedBalanceWithTheProductOfBothDistributions) {
  const ProblemFamily family = build_family(chain("heisenberg", 6, spins(3)));
  const auto log_psi = random_table(family, 2, 3)[0];
  for (const double power : {2.0, 1.0}) {
    for (const auto& [beta, next] : {std::pair(1.0, 0.5), std::pair(0.5, 0.2)}) {
      const std::vector<double> pi = exact_distribution(log_psi, power * beta), pi_next = exact_distribution(log_psi, power * next);
      const auto accepted = [&](std::size_t x, std::size_t y) {
        return std::min(1.0, std::exp(log_swap_ratio(power, beta, next, log_psi[x].real(), log_psi[y].real())));
      };
      for (std::size_t x = 0; x < pi.size(); ++x) {
        for (std::size_t y = 0; y < pi.size(); ++y) {
          const double forward = pi[x] * pi_next[y] * accepted(x, y), backward = pi[y] * pi_next[x] * accepted(y, x);
          EXPECT_NEAR(forward, backward, 64 * 2.3e-16 * forward) << x << " " << y;
        }
      }
    }
  }
}

TEST(Swap, IsAcceptedAsOftenAsItsRatioSays) {
  for (const double ratio : {0.05, 0.5, 0.9, 1.0, 3.0}) {
    const int trials = 40000;
    int accepted = 0;
    for (int i = 0; i < trials; ++i) accepted += accepts_swap({.seed = 9}, i % 7, i / 7, i % 3, std::log(ratio));
    const double p = std::min(1.0, ratio);
    EXPECT_NEAR(accepted, trials * p, 4 * std::sqrt(trials * p * (1 - p)) + 1e-9) << ratio;
  }
}

// All replicas of many chains, read after a while, and the same again: their joint distribution is the product of |psi|^(power beta).
TEST(TemperedChains, HaveTheJointDistributionOfTheirReplicas) {
  const ProblemFamily family = build_family(chain("tv", 5, fermions(2), Boundary::open));
  const TableWavefunction psi(family, random_table(family, 1.2, 8));
  const Sector& sector = family.problems[0].sector;
  const std::vector<double> betas = {1.0, 0.4};
  const auto comm = self_communicator();
  for (const double power : {2.0, 1.0}) {
    const std::vector<double> pi = exact_distribution(psi.table(0), power), flat = exact_distribution(psi.table(0), 0.4 * power);
    const std::int64_t chains = 500;
    const int readings = 60;
    const auto sampler = make_metropolis(
        {.moves = {hop}, .chains = chains, .samples = chains, .sweep_size = 2, .discard = 15, .thermalise = 20, .power = power, .tempering = betas},
        family, *comm, {.seed = 4, .stage = 1});
    std::vector<double> count(pi.size() * pi.size());
    for (int i = 0; i < readings; ++i) {
      sampler->sample(psi);
      const ConfigurationBatch walkers = sampler->gather_chains();
      ASSERT_EQ(walkers.rows(), 2 * chains);
      for (std::int64_t c = 0; c < chains; ++c) ++count[sector.index(*walkers.row(2 * c)) * pi.size() + sector.index(*walkers.row(2 * c + 1))];
    }
    double chi_square = 0;
    int cells = 0;
    for (std::size_t k = 0; k < count.size(); ++k) {
      const double expected = static_cast<double>(chains * readings) * pi[k / pi.size()] * flat[k % pi.size()];
      if (expected < 5) continue;
      chi_square += (count[k] - expected) * (count[k] - expected) / expected;
      ++cells;
    }
    EXPECT_GT(cells, 50);
    EXPECT_LT(std::abs(chi_square_z(chi_square, cells - 1)), 3.09) << power;
  }
}

// One particle on an open chain of 40 sites that hops by one or two: half of the weight lies on the last site, half on the first 35, 1e-8 on each of
// the four between them.
struct TwoWells {
  TwoWells() : family(build_family(chain("tv", 40, fermions(1), Boundary::open))), psi(family, {std::vector<std::complex<double>>(40)}) {
    for (int site = 0; site < 40; ++site) psi.at(0, site) = {0.5 * std::log(site == 39 ? 0.5 : site >= 35 ? 1e-8 : 0.5 / 35), 0};
    const std::vector<double> p = exact_distribution(psi.table(0));
    for (int site = 0; site < 40; ++site) mean += p[site] * site;
  }

  struct Found {
    Estimate site;  // where the particle is
    Diagnosis diagnosis;
    Acceptance acceptance;
  };
  Found sampled(std::int64_t chains, std::int64_t stride, std::vector<double> betas, std::uint64_t seed) const {
    const auto comm = self_communicator();
    const std::int64_t n = 128;
    const MoveOptions hops{.kind = MoveKind::hop, .d_max = 2};
    const auto sampler =
        make_metropolis({.moves = {hops}, .chains = chains, .samples = chains * n, .sweep_size = 8, .thermalise = 200, .tempering = std::move(betas)},
                        family, *comm, {.seed = seed});
    const SampleSet set = sampler->read(psi, {.samples_per_chain = n, .stride = stride});
    std::vector<std::complex<double>> site;
    for (std::int64_t i = 0; i < set.rows.rows(); ++i) site.emplace_back(std::countr_zero(*set.rows.row(i)));
    const Estimate estimate = estimate_chains(site, set.weight, chains, n);
    return {estimate, diagnose(deviations(site, set.weight, estimate.mean), chains, n, 1), sampler->acceptance_counts(*comm)};
  }

  ProblemFamily family;
  TableWavefunction psi;
  double mean = 0;
};

// Where no chain happens to start behind the wall: that is 0.93^16 of the seeds.
TEST(TwoWellsApart, DeceivePlainChainsWithoutAWord) {
  const TwoWells wells;
  int deceived = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const TwoWells::Found plain = wells.sampled(16, 32, {1.0}, seed);
    const bool trusted = plain.diagnosis.reliable() && *plain.diagnosis.rhat < 1.05;
    if (trusted && wells.mean - plain.site.mean.real() > 20 * plain.site.error) ++deceived;
  }
  EXPECT_GE(deceived, 1);
  EXPECT_LE(deceived, 9);
}

// The squares of the deviations over ten seeds, too, are what honest errors give with probability 0.999.
TEST(TwoWellsApart, AreSampledWithTheirWeightsByTemperedChains) {
  const TwoWells wells;
  double squares = 0;
  const int seeds = 10;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const TwoWells::Found found = wells.sampled(64, 4, {1.0, 0.7, 0.4, 0.2, 0.1, 0.05}, seed);
    const double z = (found.site.mean.real() - wells.mean) / found.site.error;
    EXPECT_LT(std::abs(z), 4) << "seed " << seed << ": " << format_with_error(found.site.mean.real(), found.site.error) << " for " << wells.mean;
    EXPECT_LT(found.site.error, 1);
    squares += z * z;
    for (std::size_t r = 0; r < 5; ++r) {
      EXPECT_GT(found.acceptance.swap_accepted.at(r), found.acceptance.swap_proposed.at(r) / 10) << r;
      EXPECT_EQ(found.acceptance.swap_proposed[r], 64 * (200 + 128 * 4));
    }
  }
  EXPECT_LT(std::abs(chi_square_z(squares, seeds)), 3.09) << squares;
}

struct Record {
  std::vector<Word> bits, walkers;
  std::vector<double> weight;
  std::vector<std::int64_t> swaps;
  bool operator==(const Record&) const = default;
};

ProblemFamily two_problems() {
  SystemOptions options = chain("tv", 8, fermions(3));
  options.varied = {"particles", "V"};
  options.rows = {{3, 1.0}, {4, 4.0}};
  return build_family(options);
}

const MetropolisOptions tempered{
    .moves = {hop}, .chains = 11, .samples = 33, .sweep_size = 4, .discard = 1, .thermalise = 3, .power = 1.5, .tempering = {1.0, 0.6, 0.2}};

Record record(Communicator& comm, Sampler& sampler, const SampleSet& set) {
  return {gather_rows(comm, set.rows.bits), sampler.gather_chains().bits, gather_rows(comm, set.weight),
          sampler.acceptance_counts(comm).swap_accepted};
}

TEST(TemperedChains, HaveTheSameBitsOnAnyNumberOfRanks) {
  const ProblemFamily family = two_problems();
  const TableWavefunction psi(family, random_table(family, 1, 3));
  std::optional<Record> one;
  for (const int ranks : {1, 2, 3, 5}) {
    run_in_process(ranks, [&](Communicator& comm) {
      const auto sampler = make_metropolis(tempered, family, comm, {.seed = 6});
      sampler->sample(psi);
      const Record mine = record(comm, *sampler, sampler->sample(psi));
      if (comm.is_root() && !one) one = mine;
      if (!comm.is_root()) return;
      EXPECT_EQ(mine, *one) << ranks << " ranks";
    });
  }
  EXPECT_EQ(one->walkers.size(), 2u * 11 * 3);
}

TEST(TemperedChains, GoOnFromStoredReplicasAlsoOnOtherRankCounts) {
  const ProblemFamily family = two_problems();
  const TableWavefunction psi(family, random_table(family, 1, 3));
  ConfigurationBatch stored;
  std::uint64_t done = 0;
  Record whole;
  run_in_process(2, [&](Communicator& comm) {
    const auto sampler = make_metropolis(tempered, family, comm, {.seed = 6});
    sampler->sample(psi);
    const ConfigurationBatch all = sampler->gather_chains(), mine = gather_rows(comm, sampler->my_chains());
    EXPECT_EQ(all.bits, mine.bits);
    const std::uint64_t proposals = sampler->proposals_done();
    const Record second = record(comm, *sampler, sampler->sample(psi));
    if (!comm.is_root()) return;
    stored = all;
    done = proposals;
    whole = second;
  });
  for (const int ranks : {1, 3}) {
    run_in_process(ranks, [&](Communicator& comm) {
      const auto sampler = make_metropolis(tempered, family, comm, {.seed = 6});
      sampler->restore(stored, done);
      const Record again = record(comm, *sampler, sampler->sample(psi));
      if (!comm.is_root()) return;
      EXPECT_EQ(again, whole) << ranks << " ranks";
    });
  }
  MetropolisOptions plain = tempered;
  plain.tempering = {1.0};
  EXPECT_THROW(make_metropolis(plain, family, *self_communicator(), {.seed = 6})->restore(stored, done), CheckpointError);
}

TEST(TemperedChains, RefuseALadderThatDoesNotFallFromOne) {
  const auto refusal = [](const std::vector<double>& betas) {
    try {
      check_ladder(betas);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(refusal({1.0, 0.5, 0.1}), "accepted");
  EXPECT_THAT(refusal({}), testing::HasSubstr("does not begin with 1.0"));
  EXPECT_THAT(refusal({0.9, 0.5}), testing::HasSubstr("does not begin with 1.0"));
  EXPECT_THAT(refusal({1.0, 0.5, 0.5}), testing::HasSubstr("0.5 at position 3"));
  EXPECT_THAT(refusal({1.0, 0.5, 0.0}), testing::HasSubstr("0 at position 3"));
}

}  // namespace
}  // namespace qs

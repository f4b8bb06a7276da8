#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/base/error.h"
#include "engine/base/parallel.h"
#include "engine/sampling/sampler.h"
#include "table_wavefunction.h"

namespace qs {
namespace {

using namespace testing_table;  // NOLINT: systems of the tests
using ::testing::HasSubstr;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr RandomKey key{.seed = 77, .stage = 2};

// Three problems with different particle numbers, two moves.
ProblemFamily mixed_family() {
  SystemOptions options = chain("tv", 10, fermions(3));
  options.varied = {"particles", "V"};
  options.rows = {{3, 1.0}, {4, 2.0}, {5, 4.0}};
  return build_family(options);
}
MetropolisOptions mixed_options() {
  return {.moves = {{.kind = MoveKind::hop}, {.kind = MoveKind::hop, .shells = {1}, .d_max = 3, .weight = 0.5}},
          .chains = 10,
          .samples = 30,
          .discard = 1,
          .thermalise = 2};
}

// Everything a sampler returns, over all ranks.
struct Record {
  std::vector<Word> bits, chains;
  std::vector<std::int32_t> problem;
  std::vector<std::complex<double>> log_psi;
  std::vector<double> weight, acceptance;
  std::vector<std::int64_t> move_accepted;
  bool operator==(const Record&) const = default;
};

Record record(Communicator& comm, const Sampler& sampler, const SampleSet& set) {
  return {
      gather_rows(comm, set.rows.bits), sampler.gather_chains().bits, gather_rows(comm, set.rows.problem),          gather_rows(comm, set.log_psi),
      gather_rows(comm, set.weight),    sampler.acceptance(comm),     sampler.acceptance_counts(comm).move_accepted};
}

Record run(int ranks, int threads, const ProblemFamily& family) {
  const TableWavefunction psi(family, random_table(family, 1, 3));
  Record result;
  set_threads(threads);
  run_in_process(ranks, [&](Communicator& comm) {
    const auto sampler = make_metropolis(mixed_options(), family, comm, key);
    sampler->sample(psi);
    const SampleSet set = sampler->sample(psi);
    const Record mine = record(comm, *sampler, set);
    if (comm.is_root()) result = mine;
  });
  set_threads(1);
  return result;
}

TEST(Metropolis, GivesTheSameBitsOnAnyNumberOfRanks) {
  const ProblemFamily family = mixed_family();
  const Record one = run(1, 1, family);
  for (int ranks : {2, 3, 4, 8}) EXPECT_EQ(run(ranks, 1, family), one) << ranks << " ranks";
}

TEST(Metropolis, GivesTheSameBitsOnAnyNumberOfThreads) {
  SystemOptions options = chain("heisenberg", 10, spins(5));
  const ProblemFamily family = build_family(options);
  const TableWavefunction psi(family, random_table(family, 1, 3));
  const auto comm = self_communicator();
  const auto bits = [&](int threads) {
    set_threads(threads);
    const auto sampler = make_metropolis({.moves = {{}}, .chains = 300, .samples = 600}, family, *comm, key);
    const SampleSet set = sampler->sample(psi);
    set_threads(1);
    return record(*comm, *sampler, set);
  };
  const Record one = bits(1);
  EXPECT_EQ(bits(2), one);
  EXPECT_EQ(bits(5), one);
}

TEST(Metropolis, LaysRowsOutChainMajorInTheSectorOfTheirProblem) {
  const ProblemFamily family = mixed_family();
  const TableWavefunction psi(family, random_table(family, 1, 3));
  run_in_process(3, [&](Communicator& comm) {
    const auto sampler = make_metropolis(mixed_options(), family, comm, key);
    const SampleSet set = sampler->sample(psi);

    EXPECT_EQ(set.total_rows, 90);
    EXPECT_EQ(set.samples_per_chain, 3);
    EXPECT_TRUE(set.markov);
    EXPECT_EQ(static_cast<int>(set.block_begin.size()), set.blocks.last() - set.blocks.first() + 1);
    EXPECT_EQ(set.block_begin.back(), set.rows.rows());
    const std::vector<double> weight = gather_rows(comm, set.weight);
    const std::vector<std::int32_t> problem = gather_rows(comm, set.rows.problem);
    std::vector<double> total(3);
    for (int row = 0; row < 90; ++row) {
      EXPECT_EQ(problem[row], row / 30);
      total[problem[row]] += weight[row];
    }
    for (double each : total) EXPECT_NEAR(each, 1, 1e-14);
    for (std::int64_t i = 0; i < set.rows.rows(); ++i) {
      const Sector& sector = family.problems[set.rows.problem[i]].sector;
      ASSERT_TRUE(sector.contains(set.rows.row(i)));
      EXPECT_EQ(set.log_psi[i], psi.table(set.rows.problem[i])[sector.index(*set.rows.row(i))]);
    }
    // The last row of a chain is the chain itself.
    const ConfigurationBatch chains = sampler->gather_chains();
    const std::vector<Word> bits = gather_rows(comm, set.rows.bits);
    for (int c = 0; c < 30; ++c) EXPECT_EQ(*chains.row(c), bits[3 * c + 2]);
  });
}

TEST(Metropolis, ContinuesFromStoredChainsBitForBitAlsoOnOtherRankCounts) {
  const ProblemFamily family = mixed_family();
  const TableWavefunction psi(family, random_table(family, 1, 3));
  ConfigurationBatch stored;
  std::uint64_t done = 0;
  Record whole;
  run_in_process(2, [&](Communicator& comm) {
    const auto sampler = make_metropolis(mixed_options(), family, comm, key);
    sampler->sample(psi);
    const ConfigurationBatch chains = sampler->gather_chains();
    if (comm.is_root()) {
      stored = chains;
      done = sampler->proposals_done();
    }
    sampler->sample(psi);
    const SampleSet set = sampler->sample(psi);
    const Record mine = record(comm, *sampler, set);
    if (comm.is_root()) whole = mine;
  });
  EXPECT_EQ(done, (2 + 1 + 3) * 10);  // thermalise, discard, keep; ten proposals a sweep

  run_in_process(3, [&](Communicator& comm) {
    const auto sampler = make_metropolis(mixed_options(), family, comm, key);
    sampler->restore(stored, done);
    sampler->sample(psi);
    const SampleSet set = sampler->sample(psi);
    EXPECT_EQ(record(comm, *sampler, set), whole);
  });
}

TEST(Metropolis, RefusesStoredChainsOfAnotherSystem) {
  const ProblemFamily family = mixed_family();
  const auto comm = self_communicator();
  const auto sampler = make_metropolis(mixed_options(), family, *comm, key);
  ConfigurationBatch chains = sampler->gather_chains();
  EXPECT_NO_THROW(sampler->restore(chains, 10));
  *chains.row(4) ^= 1;
  EXPECT_THROW(sampler->restore(chains, 10), CheckpointError);
  EXPECT_THROW(sampler->restore(ConfigurationBatch(10, 29), 10), CheckpointError);
  EXPECT_THROW(sampler->restore(ConfigurationBatch(12, 30), 10), CheckpointError);
}

TEST(Metropolis, StartsOnStatesWherePsiIsNotZero) {
  const ProblemFamily family = build_family(chain("heisenberg", 10, spins(5)));
  auto table = random_table(family, 1, 3);
  for (std::size_t s = 0; s < table[0].size(); ++s) {
    if (s % 16 != 0) table[0][s] = {-infinity, 0};
  }
  const TableWavefunction psi(family, table);
  const auto comm = self_communicator();
  const auto sampler = make_metropolis({.moves = {{}}, .chains = 64, .samples = 64, .thermalise = 0}, family, *comm, key);

  const SampleSet set = sampler->sample(psi);

  for (const auto& value : set.log_psi) EXPECT_TRUE(std::isfinite(value.real()));
  EXPECT_EQ(sampler->acceptance_counts(*comm).invalid[0], 0);  // psi' = 0 is an ordinary rejection
}

TEST(Metropolis, SaysSoWhenPsiVanishesEverywhere) {
  const ProblemFamily family = build_family(chain("heisenberg", 6, spins(3)));
  const TableWavefunction psi(family, {std::vector<std::complex<double>>(20, {-infinity, 0})});
  const auto comm = self_communicator();
  const auto sampler = make_metropolis({.moves = {{}}, .chains = 4, .samples = 4}, family, *comm, key);
  EXPECT_THROW(sampler->sample(psi), NumericalError);
}

TEST(Metropolis, RejectsAndCountsProposalsWithoutANumber) {
  const ProblemFamily family = build_family(chain("heisenberg", 10, spins(5)));
  TableWavefunction psi(family, random_table(family, 1, 3));
  const auto comm = self_communicator();
  const auto sampler = make_metropolis({.moves = {{}}, .chains = 64, .samples = 640}, family, *comm, key);
  sampler->sample(psi);
  // Poison states on which no chain stands now.
  std::vector<bool> occupied(252);
  const ConfigurationBatch chains = sampler->gather_chains();
  for (std::int64_t c = 0; c < 64; ++c) occupied[family.problems[0].sector.index(*chains.row(c))] = true;
  for (int s = 0; s < 252; ++s) {
    if (!occupied[s] && s % 3 == 0) psi.at(0, s) = {s % 2 ? infinity : not_a_number, 0};
  }

  const SampleSet set = sampler->sample(psi);

  const Acceptance counts = sampler->acceptance_counts(*comm);
  EXPECT_GT(counts.invalid[0], 0);
  EXPECT_LE(counts.proposed[0], 640 * 10);
  EXPECT_GE(counts.proposed[0], 640 * 9);  // the last proposal of a sweep may be left out
  EXPECT_LE(counts.accepted[0] + counts.invalid[0], counts.proposed[0]);
  EXPECT_THAT(counts.moves, ::testing::ElementsAre("exchange"));
  EXPECT_EQ(counts.move_accepted, counts.accepted);
  for (const auto& value : set.log_psi) EXPECT_TRUE(std::isfinite(value.real()));
}

TEST(Metropolis, NamesRankChainAndProblemOfACurrentStateWithoutANumberAndStaysPut) {
  const ProblemFamily family = mixed_family();
  TableWavefunction psi(family, random_table(family, 1, 3));
  const auto good = psi.table(2);
  run_in_process(3, [&](Communicator& comm) {
    const auto sampler = make_metropolis(mixed_options(), family, comm, key);
    sampler->sample(psi);
    const ConfigurationBatch before = sampler->gather_chains();
    const std::uint64_t done = sampler->proposals_done();
    comm.barrier();
    if (comm.is_root()) {
      for (std::size_t s = 0; s < good.size(); ++s) psi.at(2, s) = {not_a_number, 0};
    }
    comm.barrier();

    try {
      sampler->sample(psi);
      ADD_FAILURE() << "no error on rank " << comm.rank();
    } catch (const NumericalError& error) {
      EXPECT_THAT(error.what(), HasSubstr("log psi"));
      EXPECT_THAT(error.what(), HasSubstr("chain 20, problem 2"));
      EXPECT_THAT(error.what(), HasSubstr("rank "));
    }

    EXPECT_EQ(sampler->proposals_done(), done);
    EXPECT_EQ(sampler->gather_chains().bits, before.bits);
  });
}

TEST(Metropolis, EvaluatesNothingForChainsThatCannotMove) {
  const ProblemFamily family = build_family(chain("tv", 6, fermions(0)));
  const TableWavefunction psi(family, random_table(family, 1, 3));
  const auto comm = self_communicator();
  const auto sampler = make_metropolis({.moves = {{.kind = MoveKind::hop}}, .chains = 4, .samples = 8}, family, *comm, key);

  const SampleSet set = sampler->sample(psi);

  EXPECT_EQ(set.rows.rows(), 8);
  EXPECT_EQ(sampler->acceptance(*comm)[0], 0.0);
  EXPECT_GE(sampler->acceptance_counts(*comm).proposed[0], 4 * 5 * (20 + 2));  // counted as rejected
  EXPECT_EQ(psi.evaluations(), 2 * 4);                                         // the start, then the step's refresh
}

TEST(Metropolis, RefusesSampleCountsThatChainsCannotShare) {
  const ProblemFamily family = build_family(chain("heisenberg", 6, spins(3)));
  const auto comm = self_communicator();
  try {
    make_metropolis({.moves = {{}}, .chains = 64, .samples = 100}, family, *comm, key);
    ADD_FAILURE() << "no error";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("100 is not a multiple of sampler.chains 64"));
    EXPECT_THAT(error.what(), HasSubstr("try 128"));
  }
  EXPECT_THROW(make_metropolis({.moves = {{}}, .chains = 0, .samples = 0}, family, *comm, key), InputError);
  EXPECT_THROW(make_metropolis({.moves = {{}}, .chains = 64, .samples = 32}, family, *comm, key), InputError);
}

}  // namespace
}  // namespace qs

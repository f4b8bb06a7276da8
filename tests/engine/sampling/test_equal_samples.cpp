// Each configuration of a sample once, with the weight of all that are equal.
#include <gtest/gtest.h>

#include <map>

#include "engine/sampling/equal_samples.h"
#include "engine/sampling/sampler.h"
#include "table_wavefunction.h"

namespace qs {
namespace {

using namespace testing_table;  // NOLINT: systems of the tests

ProblemFamily two_sectors() {
  SystemOptions options = chain("tv", 8, fermions(3));
  options.varied = {"particles", "V"};
  options.rows = {{3, 1.0}, {4, 2.0}};
  return build_family(options);
}

using Weights = std::map<std::pair<int, Word>, double>;

Weights weights_of(Communicator& comm, const SampleSet& samples) {
  const ConfigurationBatch rows = gather_rows(comm, samples.rows);
  const std::vector<double> weight = gather_rows(comm, samples.weight);
  Weights sum;
  for (std::int64_t i = 0; i < rows.rows(); ++i) sum[{rows.problem[i], *rows.row(i)}] += weight[i];
  return sum;
}

TEST(EqualSamples, BecomeOneRowWithTheirWeightOnAnyNumberOfRanks) {
  const ProblemFamily family = two_sectors();
  const TableWavefunction psi(family, random_table(family, 1, 3));
  std::vector<Word> bits;
  std::vector<double> weight;
  for (const int ranks : {1, 2, 3}) {
    run_in_process(ranks, [&](Communicator& comm) {
      const auto sampler =
          make_metropolis({.moves = {{.kind = MoveKind::hop}}, .chains = 32, .samples = 512, .power = 1.5}, family, comm, {.seed = 4});
      const SampleSet samples = sampler->sample(psi);
      ASSERT_TRUE(many_are_equal(family, samples));

      const DistinctSamples once = distinct_samples(comm, samples);

      const Weights before = weights_of(comm, samples), after = weights_of(comm, once.samples);
      EXPECT_EQ(once.samples.total_rows, static_cast<std::int64_t>(after.size()));
      ASSERT_EQ(before.size(), after.size());
      for (const auto& [state, sum] : before) EXPECT_NEAR(after.at(state), sum, 1e-15);
      EXPECT_EQ(once.samples.block_begin.back(), once.samples.rows.rows());
      // To the configurations and back: every sample finds the value of its own.
      EXPECT_EQ(once.spread(comm, once.samples.rows.bits), samples.rows.bits);
      EXPECT_EQ(once.spread(comm, once.samples.log_psi), samples.log_psi);
      EXPECT_EQ(once.merge(comm, samples.rows.bits), once.samples.rows.bits);

      const auto all_bits = gather_rows(comm, once.samples.rows.bits);
      const auto all_weights = gather_rows(comm, once.samples.weight);
      if (!comm.is_root()) return;
      if (ranks == 1) {
        bits = all_bits;
        weight = all_weights;
      }
      EXPECT_EQ(all_bits, bits);
      EXPECT_EQ(all_weights, weight);
    });
  }
}

TEST(EqualSamples, AreFewInLargeSectorsAndNoneInExactSums) {
  const ProblemFamily small = two_sectors(), large = build_family(chain("heisenberg", 70, spins(35)));
  const auto comm = self_communicator();
  SampleSet samples = make_exact_sum(small, *comm)->sample(TableWavefunction(small, random_table(small, 1, 3)));
  EXPECT_FALSE(many_are_equal(small, samples));
  samples.markov = true;
  EXPECT_TRUE(many_are_equal(small, samples));
  EXPECT_FALSE(many_are_equal(large, samples));
  samples.total_rows = 30;
  EXPECT_FALSE(many_are_equal(small, samples));
}

}  // namespace
}  // namespace qs

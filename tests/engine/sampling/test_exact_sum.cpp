#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/base/error.h"
#include "engine/sampling/sampler.h"
#include "table_wavefunction.h"

namespace qs {
namespace {

using namespace testing_table;  // NOLINT: systems of the tests

ProblemFamily three_problems() {
  SystemOptions options = chain("tv", 8, fermions(3));
  options.varied = {"particles"};
  options.rows = {{2}, {3}, {4}};
  return build_family(options);
}

TEST(ExactSum, ListsEveryStateOfEveryProblemOnceWithItsProbability) {
  const ProblemFamily family = three_problems();
  const TableWavefunction psi(family, random_table(family, 1, 3));
  run_in_process(3, [&](Communicator& comm) {
    const SampleSet set = make_exact_sum(family, comm)->sample(psi);

    EXPECT_FALSE(set.markov);
    EXPECT_EQ(set.total_rows, 28 + 56 + 70);
    EXPECT_EQ(set.block_begin.back(), set.rows.rows());
    const std::vector<Word> bits = gather_rows(comm, set.rows.bits);
    const std::vector<double> weight = gather_rows(comm, set.weight);
    ASSERT_EQ(bits.size(), 154u);
    std::size_t row = 0;
    for (int g = 0; g < 3; ++g) {
      const std::vector<double> p = exact_distribution(psi.table(g));
      for (std::size_t s = 0; s < p.size(); ++s, ++row) {
        EXPECT_EQ(bits[row], family.problems[g].sector.state(s));
        EXPECT_NEAR(weight[row], p[s], 1e-14 * p[s] * 100);
      }
    }
  });
}

TEST(ExactSum, WeightsHaveTheSameBitsOnAnyNumberOfRanks) {
  const ProblemFamily family = three_problems();
  const TableWavefunction psi(family, random_table(family, 1, 3));
  std::vector<double> reference;
  for (int ranks : {1, 2, 3, 4, 7}) {
    run_in_process(ranks, [&](Communicator& comm) {
      const std::vector<double> weight = gather_rows(comm, make_exact_sum(family, comm)->sample(psi).weight);
      if (comm.is_root() && ranks == 1) reference = weight;
      comm.barrier();
      EXPECT_EQ(weight, reference) << ranks << " ranks";
    });
  }
}

TEST(ExactSum, IsBlindToTheNormOfPsi) {
  const ProblemFamily family = build_family(chain("heisenberg", 8, spins(4)));
  auto table = random_table(family, 1, 3);
  const auto comm = self_communicator();
  const auto sampler = make_exact_sum(family, *comm);
  const std::vector<double> weight = sampler->sample(TableWavefunction(family, table)).weight;
  for (double shift : {4096.0, -4096.0}) {  // psi would overflow or vanish
    auto shifted = table;
    for (auto& value : shifted[0]) value += shift;
    const std::vector<double> other = sampler->sample(TableWavefunction(family, shifted)).weight;
    for (std::size_t s = 0; s < weight.size(); ++s) EXPECT_NEAR(other[s], weight[s], 4096 * 4 * 2.3e-16 * weight[s]);
  }
}

TEST(ExactSum, ZerosHaveNoWeightButNoStateMayLackANumber) {
  const ProblemFamily family = build_family(chain("heisenberg", 8, spins(4)));
  TableWavefunction psi(family, random_table(family, 1, 3));
  const auto comm = self_communicator();
  const auto sampler = make_exact_sum(family, *comm);
  psi.at(0, 5) = {-std::numeric_limits<double>::infinity(), 0};
  EXPECT_EQ(sampler->sample(psi).weight[5], 0.0);

  psi.at(0, 5) = {0, std::numeric_limits<double>::quiet_NaN()};
  EXPECT_THROW(sampler->sample(psi), NumericalError);
}

TEST(ExactSum, RefusesLargeSectors) {
  const ProblemFamily family = build_family(chain("heisenberg", 40, spins(20)));
  const auto comm = self_communicator();
  EXPECT_THROW(make_exact_sum(family, *comm), InputError);
}

}  // namespace
}  // namespace qs

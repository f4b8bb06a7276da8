// Samples, weights and local energies under mpirun have the bits of a single rank.
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/energy/local_energy.h"
#include "engine/sampling/sampler.h"
#include "engine/statistics/estimate.h"
#include "tests/engine/sampling/table_wavefunction.h"
#include "tests/mpi/mpi_main.h"

namespace qs {
namespace {

using namespace testing_table;  // NOLINT: systems of the tests
using testing_mpi::world;

ProblemFamily two_problems() {
  SystemOptions options = chain("tv", 10, fermions(3));
  options.varied = {"particles", "V"};
  options.rows = {{3, 1.0}, {5, 4.0}};
  return build_family(options);
}

struct Outcome {
  std::vector<Word> bits;
  std::vector<double> weight, acceptance;
  std::vector<std::complex<double>> energy;
  bool operator==(const Outcome&) const = default;
};

Outcome metropolis(Communicator& comm, const ProblemFamily& family, const TableWavefunction& psi) {
  const auto sampler =
      make_metropolis({.moves = {{.kind = MoveKind::hop}}, .chains = 50, .samples = 200, .discard = 1, .thermalise = 3}, family, comm, {.seed = 2});
  sampler->sample(psi);
  const SampleSet set = sampler->sample(psi);
  return {gather_rows(comm, set.rows.bits), gather_rows(comm, set.weight), sampler->acceptance(comm),
          gather_rows(comm, local_energies(family, psi, set))};
}

Outcome exact_sum(Communicator& comm, const ProblemFamily& family, const TableWavefunction& psi) {
  std::vector<std::vector<double>> couplings;
  for (const Problem& problem : family.problems) couplings.push_back(problem.couplings);
  const SampleSet set = make_exact_sum(family, comm)->sample(psi);
  return {gather_rows(comm, set.rows.bits),
          gather_rows(comm, set.weight),
          {},
          gather_rows(comm, local_estimates_exact(comm, family.table, couplings, family, set))};
}

TEST(SamplerRanks, MetropolisHasTheBitsOfOneRank) {
  const ProblemFamily family = two_problems();
  const TableWavefunction psi(family, random_table(family, 1, 3));
  EXPECT_EQ(metropolis(world(), family, psi), metropolis(*self_communicator(), family, psi));
}

TEST(SamplerRanks, ExactSumHasTheBitsOfOneRank) {
  const ProblemFamily family = two_problems();
  const TableWavefunction psi(family, random_table(family, 1, 3));
  EXPECT_EQ(exact_sum(world(), family, psi), exact_sum(*self_communicator(), family, psi));
}

TEST(SamplerRanks, AChainWithoutANumberOnOneRankStopsAllRanks) {
  const ProblemFamily family = two_problems();
  TableWavefunction psi(family, random_table(family, 1, 3));
  const auto sampler = make_metropolis({.moves = {{.kind = MoveKind::hop}}, .chains = 50, .samples = 50}, family, world(), {.seed = 2});
  sampler->sample(psi);
  // Only the last chain's state becomes unusable.
  const ConfigurationBatch chains = sampler->gather_chains();
  psi.at(1, family.problems[1].sector.index(*chains.row(99))) = {std::numeric_limits<double>::quiet_NaN(), 0};
  EXPECT_THROW(sampler->sample(psi), NumericalError);
  EXPECT_EQ(sampler->gather_chains().bits, chains.bits);
}

}  // namespace
}  // namespace qs

// Sweeps on systems where every hop is accepted, against the exact transition matrix: no chain may stay in one half of a bipartite sector.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <ostream>

#include "engine/energy/local_energy.h"
#include "engine/sampling/sampler.h"
#include "engine/statistics/estimate.h"
#include "transition_matrix.h"

namespace qs {
namespace {

using namespace testing_table;  // NOLINT: systems of the tests

struct Case {
  std::string name;
  SystemOptions system;
  int sweep;                           // proposals: the number of sites, or modes
  double smallest, second;             // eigenvalues of one proposal K
  double slowest_even, slowest_sweep;  // largest |eigenvalue| but one of K^n, and of K^(n-1) (1 + K)/2
};
void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

SystemOptions with_coupling(SystemOptions system, const std::string& name, double value) {
  system.couplings[name] = value;
  return system;
}

std::vector<Case> cases() {
  return {{"HubbardRing", with_coupling(chain("hubbard", 4, electrons(1, 1)), "U", 4), 8, -1, 0.5, 1, 0.0059},
          // Sweeps so short that one sample remembers the last: (1 + K)/2 and K (1 + K)/2.
          {"HubbardRingOneProposal", with_coupling(chain("hubbard", 4, electrons(1, 1)), "U", 4), 1, -1, 0.5, 1, 0.75},
          {"HubbardRingTwoProposals", with_coupling(chain("hubbard", 4, electrons(1, 1)), "U", 4), 2, -1, 0.5, 1, 0.375},
          {"TwoSites", with_coupling(chain("tv", 2, fermions(1), Boundary::open), "delta", 0.5), 2, -1, -1, 1, 0},
          {"OneFermion", with_coupling(square("tv", 4, 4, fermions(1)), "delta", 0.5), 16, -1, 0.5, 1, 2.29e-5},
          {"TwoFermions", with_coupling(square("tv", 4, 4, fermions(2)), "V", 2), 16, -0.911, 0.750, 0.227, 0.012},
          {"RingOfTwelve", with_coupling(chain("tv", 12, fermions(6)), "V", 2), 12, -0.867, 0.964, 0.641, 0.653}};
}

class Sweeps : public ::testing::TestWithParam<Case> {
 protected:
  Sweeps()
      : family_(build_family(GetParam().system)),
        p_(family_.problems[0].sector.dimension(), 1.0 / static_cast<double>(family_.problems[0].sector.dimension())),
        psi_(family_, {std::vector<std::complex<double>>(p_.size(), {0.0, 0.0})}),
        modes_(modes_of(proposal_matrix(family_, move, p_), p_)),
        comm_(self_communicator()) {}

  // Energies of uniform psi on every basis state: the sum of the row of H.
  std::vector<double> local_energies_of_all_states() {
    const SampleSet all = make_exact_sum(family_, *comm_)->sample(psi_);
    std::vector<double> energy;
    for (const auto& value : local_energies(family_, psi_, all)) energy.push_back(value.real());
    return energy;
  }

  Estimate sampled_energy(std::int64_t chains, std::int64_t samples) {
    const auto sampler = make_metropolis({.moves = {move}, .chains = chains, .samples = samples, .sweep_size = GetParam().sweep}, family_, *comm_,
                                         {.seed = 4, .stage = 1});
    const SampleSet set = sampler->sample(psi_);
    return estimate_chains(local_energies(family_, psi_, set), set.weight, chains, samples / chains);
  }

  const MoveOptions move = {.kind = MoveKind::hop};
  ProblemFamily family_;
  std::vector<double> p_;
  TableWavefunction psi_;
  Modes modes_;
  std::unique_ptr<Communicator> comm_;
};

TEST_P(Sweeps, HaveTheEigenvaluesOfTheTransitionMatrix) {
  const Case& test = GetParam();
  const Eigen::VectorXd& k = modes_.eigenvalue;
  double even = 0, lazy = 0;
  for (Eigen::Index i = 0; i + 1 < k.size(); ++i) {
    even = std::max(even, std::abs(std::pow(k(i), test.sweep)));
    lazy = std::max(lazy, std::abs(of_lazy_sweep(k(i), test.sweep)));
  }
  EXPECT_NEAR(k(k.size() - 1), 1, 1e-12);
  EXPECT_NEAR(k(0), test.smallest, 6e-4);
  EXPECT_NEAR(k(k.size() - 2), test.second, 6e-4);
  EXPECT_NEAR(even, test.slowest_even, 6e-4);
  EXPECT_NEAR(lazy, test.slowest_sweep, std::max(1e-12, 0.05 * test.slowest_sweep));
}

TEST_P(Sweeps, OfOneChainGiveTheMeanAndTheTimeOfTheMatrix) {
  const std::vector<double> energy = local_energies_of_all_states();
  const double mean = std::accumulate(energy.begin(), energy.end(), 0.0) / static_cast<double>(energy.size());
  const double tau = exact_tau(modes_, p_, energy, GetParam().sweep);
  const std::int64_t n = 20000;

  const Estimate found = sampled_energy(1, n);

  RecordProperty("tau_of_the_matrix", std::to_string(tau));
  RecordProperty("tau_found", std::to_string(*found.tau));
  EXPECT_GT(found.error, 0);
  EXPECT_NEAR(found.mean.real(), mean, 4 * found.error);
  EXPECT_NEAR(*found.tau, tau, 5 * tau * std::sqrt(2 * (10 * tau + 1) / static_cast<double>(n)));
}

TEST_P(Sweeps, OfManyChainsGiveTheMeanAndTheTimeOfTheMatrix) {
  const std::vector<double> energy = local_energies_of_all_states();
  const double mean = std::accumulate(energy.begin(), energy.end(), 0.0) / static_cast<double>(energy.size());
  const std::int64_t chains = 256, n = 64;

  const Estimate found = sampled_energy(chains, chains * n);

  EXPECT_NEAR(found.mean.real(), mean, 4 * found.error);
  // The ddof-1 variance of 256 chain means: relative standard error sqrt(2/255). A finite chain falls short by about tau/n.
  const double tau = exact_tau(modes_, p_, energy, GetParam().sweep);
  EXPECT_NEAR(*found.tau, tau, tau * (4 * std::sqrt(2.0 / 255) + tau / n));
}

INSTANTIATE_TEST_SUITE_P(Periodic, Sweeps, ::testing::ValuesIn(cases()), [](const auto& test) { return test.param.name; });

// The case that was found: from 1 and from 256 chains -2.005(14), R-hat 1.000; right is -3.
TEST(HubbardRing, OfUniformPsiHasTheEnergyMinusThree) {
  const ProblemFamily family = build_family(cases()[0].system);
  const std::vector<double> uniform(16, 1.0 / 16);
  const TableWavefunction psi(family, {std::vector<std::complex<double>>(16, {0.0, 0.0})});
  const auto comm = self_communicator();
  for (const std::int64_t chains : {1, 256}) {
    const auto sampler = make_metropolis({.moves = {{.kind = MoveKind::hop}}, .chains = chains, .samples = 25600}, family, *comm, {.seed = 1});
    const SampleSet set = sampler->sample(psi);
    const Estimate energy = estimate_chains(local_energies(family, psi, set), set.weight, chains, 25600 / chains);
    EXPECT_NEAR(energy.mean.real(), -3, 4 * energy.error) << chains;
    EXPECT_LT(energy.error, 0.05);
  }
}

}  // namespace
}  // namespace qs

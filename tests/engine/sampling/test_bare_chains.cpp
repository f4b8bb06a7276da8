// Chains that follow a network before it is projected (sampler.follow: bare): their samples stand for the projected state.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <memory>
#include <vector>

#include "engine/sampling/sampler.h"
#include "engine/wavefunctions/chunked.h"
#include "engine/wavefunctions/projected.h"
#include "hamiltonians/symmetry/find_symmetry.h"
#include "table_wavefunction.h"

namespace qs {
namespace {

using namespace testing_table;  // NOLINT: systems of the tests
using Complex = std::complex<double>;

// A complex wave vector; an irrep of two dimensions, where psi_s is not the same on all images; fermions, whose images have signs.
SystemOptions ring() { return chain("heisenberg", 10, spins(5)); }
SystemOptions tilted() {
  SystemOptions options = square("heisenberg", 0, 0, spins(4));
  options.lattice = {.kind = "square", .torus = {{2, 2, 0}, {-2, 2, 0}}};
  options.sector.sites = 8;
  return options;
}
SystemOptions torus() { return square("tv", 3, 3, fermions(4)); }

struct Case {
  SystemOptions system;
  SymmetryOptions symmetry;
  double power;
};

class BareChains : public testing::TestWithParam<Case> {
 protected:
  BareChains()
      : family_(build_family(GetParam().system)),
        symmetry_(std::make_shared<const SymmetrySector>(find_symmetry(family_, GetParam().symmetry, SignRule::none))),
        table_(random_table(family_, 0.6, 5)[0]),
        psi_(std::make_unique<TableWavefunction>(family_, std::vector<std::vector<Complex>>{table_}), symmetry_, {}) {
    ConfigurationBatch states(family_.modes(), sector().dimension());
    for (std::int64_t i = 0; i < states.rows(); ++i) *states.row(i) = sector().state(i);
    exact_ = exact_distribution(log_psi(psi_, states));
    // 80 proposals between samples: nearly independent ones.
    MoveOptions move{.kind = family_.problems[0].sector.fermionic() ? MoveKind::hop : MoveKind::exchange};
    options_ = {.moves = {move}, .chains = 800, .samples = 8000, .sweep_size = 80, .power = GetParam().power, .follow = Follow::bare};
  }
  const Sector& sector() const { return family_.problems[0].sector; }
  std::int64_t state(const SampleSet& set, std::int64_t row) const { return sector().index(*set.rows.row(row)); }

  ProblemFamily family_;
  std::shared_ptr<const SymmetrySector> symmetry_;
  std::vector<Complex> table_;
  Projected psi_;
  std::vector<double> exact_;  // |psi_s|^2
  MetropolisOptions options_;
  std::unique_ptr<Communicator> comm_ = self_communicator();
};

// Also of functions that are not symmetric.
TEST_P(BareChains, HaveTheMeansOfTheProjectedState) {
  const SampleSet set = make_metropolis(options_, family_, *comm_, {.seed = 12, .stage = 1})->sample(psi_);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const std::vector<Complex> f = random_table(family_, 1, 100 + seed)[0];
    double exact = 0, mean = 0, variance = 0;
    for (std::size_t s = 0; s < exact_.size(); ++s) exact += exact_[s] * f[s].real();
    for (std::int64_t i = 0; i < set.rows.rows(); ++i) mean += set.weight[i] * f[state(set, i)].real();
    for (std::int64_t i = 0; i < set.rows.rows(); ++i) variance += std::pow(set.weight[i] * (f[state(set, i)].real() - mean), 2);
    EXPECT_LT(std::abs(mean - exact) / std::sqrt(variance), 4) << seed;
  }
}

// |psi_s|^2 over the mean over the group of |psi|^power, by definition; at most d^2 times the mean of all for power 2.
TEST_P(BareChains, HaveTheWeightsOfTheDefinition) {
  options_.samples = options_.chains = 400;
  options_.thermalise = 0;
  const SampleSet set = make_metropolis(options_, family_, *comm_, {.seed = 12, .stage = 1})->sample(psi_);
  EXPECT_EQ(set.log_psi, log_psi(psi_, set.rows));
  std::vector<double> weight(set.rows.rows());
  double sum = 0;
  for (std::int64_t i = 0; i < set.rows.rows(); ++i) {
    double mean = 0;
    for (std::int64_t g = 0; g < symmetry_->order(); ++g) {
      Word image = 0;
      symmetry_->apply(g, set.rows.row(i), &image);
      mean += std::exp(options_.power * table_[sector().index(image)].real()) / double(symmetry_->order());
    }
    sum += weight[i] = std::exp(2 * set.log_psi[i].real()) / mean;
  }
  for (std::int64_t i = 0; i < set.rows.rows(); ++i) EXPECT_NEAR(set.weight[i], weight[i] / sum, 1e-12);
}

INSTANTIATE_TEST_SUITE_P(Sectors, BareChains,
                         testing::Values(Case{ring(), {.momentum = {2}}, 2}, Case{ring(), {.momentum = {2}}, 1.3}, Case{tilted(), {{0, 0}, "E"}, 2},
                                         Case{tilted(), {{0, 0}, "B2"}, 2}, Case{torus(), {.momentum = {1, 0}}, 2}));

// One evaluation a proposal, of the network, whatever the group.
TEST(BareChainsCost, IsThatOfTheNetwork) {
  const ProblemFamily family = build_family(ring());
  const auto symmetry = std::make_shared<const SymmetrySector>(find_symmetry(family, {.momentum = {0}}, SignRule::none));
  const auto evaluations = [&](Follow follow) {
    auto table = std::make_unique<TableWavefunction>(family, random_table(family, 0.6, 5));
    const TableWavefunction& bare = *table;
    const Projected psi(std::move(table), symmetry, {});
    const MetropolisOptions options{
        .moves = {{.kind = MoveKind::exchange}}, .chains = 70, .samples = 70, .sweep_size = 80, .thermalise = 0, .follow = follow};
    const auto comm = self_communicator();
    make_metropolis(options, family, *comm, {.seed = 1, .stage = 1})->sample(psi);
    return bare.evaluations();
  };
  // 70 chains of 80 proposals (and two looks at the start); the sum and the mean over 10 translations of 70 samples.
  EXPECT_LE(evaluations(Follow::bare), 70 * (80 + 3) + 2 * 70 * 10);
  EXPECT_GE(evaluations(Follow::projected), 10 * 70 * 60);
}

}  // namespace
}  // namespace qs

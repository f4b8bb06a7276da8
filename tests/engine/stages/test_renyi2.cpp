// Second Renyi entropies by swap: against exact states and enumeration, over seeds, on any number of ranks; and what is said where pairs do not
// suffice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "engine/ed/purity.h"
#include "engine/plan/plan_network.h"
#include "tests/engine/stages/evaluated.h"
#include "tests/plan_of.h"

namespace qs {
namespace {

using namespace testing_evaluate;  // NOLINT: systems of the tests
using testing::HasSubstr;

EvaluateOptions swap_options(SamplerOptions sampler, std::vector<std::vector<int>> regions, std::int64_t pairings = 0,
                             Compare compare = Compare::none) {
  EvaluateOptions options{.sampler = std::move(sampler)};
  options.compare = compare;
  options.renyi2 = Renyi2Options{std::move(regions), pairings};
  return options;
}

SamplerOptions chains_of(const ProblemFamily& family, std::int64_t chains, std::int64_t samples) {
  const Sector& sector = family.problems[0].sector;
  const MoveKind kind = sector.fermionic() ? MoveKind::hop : sector.options().up < 0 ? MoveKind::flip : MoveKind::exchange;
  return metropolis({.moves = {{.kind = kind}}, .chains = chains, .samples = samples});
}

TableWavefunction ground_state(const ProblemFamily& family) {
  const auto comm = self_communicator();
  ExactStates exact({}, *comm);
  std::vector<std::complex<double>> log_psi;
  for (const std::complex<double>& amplitude : exact.solve(family, 0).amplitudes(0)) log_psi.push_back(std::log(amplitude));
  return {family, {log_psi}};
}

ProblemFamily with(SystemOptions system, const std::map<std::string, double>& couplings) {
  for (const auto& [name, value] : couplings) system.couplings[name] = value;
  return build_family(system);
}

std::vector<double> z_of(const Evaluated& e, const std::vector<double>& exact) {
  std::vector<double> z;
  for (std::size_t k = 0; k < exact.size(); ++k) z.push_back((e.observable("renyi2", "mean")[k] - exact[k]) / e.observable("renyi2", "error")[k]);
  return z;
}

const std::vector<int> scattered = {1, 3, 5, 7, 8, 10}, half_of_twelve = {0, 1, 2, 3, 4, 5}, half_of_sixteen = {0, 1, 2, 3, 4, 5, 6, 7};

struct KnownState {
  std::string name;
  ProblemFamily family;
  std::vector<int> region;
  double s2;
};

std::vector<KnownState> known_states() {
  const SystemOptions spins16 = square("heisenberg", 4, 4, spins(8)), fermions16 = square("tv", 4, 4, fermions(5));
  return {{"Ising ring", with(chain("tfim", 12, spins(-1)), {{"J", 1}, {"Gamma", 1}}), half_of_twelve, .5357123329},
          {"Heisenberg 4x4", with(spins16, {{"J1", 1}}), half_of_sixteen, 1.1277467743},
          {"Heisenberg block", with(spins16, {{"J1", 1}}), {0, 1, 4, 5}, 1.1027548768},
          {"free fermions", with(fermions16, {{"t", 1}, {"V", 0}}), scattered, 2.7963052489},
          {"t-V", with(fermions16, {{"t", 1}, {"V", 1}}), half_of_sixteen, 2.0632800179}};
}

// Over all states and five seeds each: within three errors, and their squares within what honest errors give with probability 0.999.
TEST(Renyi2, OfExactStatesBySwapIsTheKnownValue) {
  double squares = 0;
  int count = 0;
  for (const KnownState& known : known_states()) {
    TableWavefunction psi = ground_state(known.family);
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const Evaluated e = evaluate(known.family, psi, swap_options(chains_of(known.family, 128, 2048), {known.region}), seed, *self_communicator());
      const double z = z_of(e, {known.s2})[0];
      EXPECT_LT(std::abs(z), 3) << known.name << " seed " << seed;
      EXPECT_LT(e.observable("renyi2", "error")[0], 0.08) << known.name;
      EXPECT_EQ(e.observable("renyi2", "reliable")[0], 1) << known.name;
      squares += z * z;
      ++count;
    }
  }
  EXPECT_LT(std::abs(chi_square_z(squares, count)), 3.09) << squares << " of " << count;
}

TEST(Renyi2, OfExactStatesByEnumerationStandsBesideTheExactValue) {
  for (const KnownState& known : known_states()) {
    TableWavefunction psi = ground_state(known.family);
    const Evaluated e = evaluate(known.family, psi, swap_options(exact_sum(), {known.region}, 0, Compare::ed), 1, *self_communicator());
    EXPECT_NEAR(e.observable("renyi2", "mean")[0], known.s2, 1e-6) << known.name;
    EXPECT_NEAR(e.observable("renyi2", "exact")[0], known.s2, 1e-8) << known.name;
    EXPECT_EQ(e.observable("renyi2", "error")[0], 0);
  }
}

// Complex random states of all sectors, chains with weights among them: errors are honest whatever share of the fluctuations is that of pairs.
TEST(Renyi2, OfRandomStatesHasHonestErrors) {
  struct Random {
    ProblemFamily family;
    std::vector<std::vector<int>> regions;
    std::int64_t pairings;
    double power;
  };
  const Random cases[] = {{build_family(chain("xxz", 10, spins(5))), {{0, 1, 2}, {4}}, 0, 2},
                          {build_family(chain("tfim", 8, spins(-1))), {{0, 1, 2, 3}}, 5, 2},
                          {build_family(chain("tv", 10, fermions(4))), {{1, 4, 6}}, 1, 1},
                          {build_family(square("hubbard", 3, 2, electrons(2, 2))), {{0, 3}}, 0, 1.3}};
  for (const Random& test : cases) {
    TableWavefunction psi(test.family, random_table(test.family, 0.7, 4));
    const Evaluated exact = evaluate(test.family, psi, swap_options(exact_sum(), test.regions), 1, *self_communicator());
    SamplerOptions sampler = chains_of(test.family, 65, 65 * 16);  // one chain has no partner
    sampler.metropolis.power = test.power;
    double squares = 0;
    int count = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      const Evaluated e = evaluate(test.family, psi, swap_options(sampler, test.regions, test.pairings), seed, *self_communicator());
      for (const double z : z_of(e, exact.observable("renyi2", "mean"))) {
        EXPECT_LT(std::abs(z), 4.5);
        squares += z * z;
        ++count;
      }
    }
    EXPECT_LT(chi_square_z(squares, count), 3.09) << test.family.hamiltonian.name << " " << squares << " of " << count;
    EXPECT_GT(squares, 0.4 * count) << test.family.hamiltonian.name;
  }
}

TEST(Renyi2, OfManyPairsIsDoubtedWhereTheEntropyIsLarge) {
  const ProblemFamily family = build_family(chain("heisenberg", 14, spins(7)));
  TableWavefunction psi(family, random_table(family, 0.5, 2));  // S2 near that of a random state, ln 2 a site
  const Evaluated e = evaluate(family, psi, swap_options(chains_of(family, 64, 1024), {{0, 2, 4, 6, 8, 10, 12}}, 1), 1, *self_communicator());
  EXPECT_EQ(e.observable("renyi2", "reliable")[0], 0);
  EXPECT_THAT(e.outcome.warnings, testing::Contains(testing::AnyOf(HasSubstr("e^S2/sqrt(pairs)"), HasSubstr("is not positive"))));
}

TEST(Renyi2, OfFewChainsIsDoubted) {
  const ProblemFamily family = build_family(chain("heisenberg", 8, spins(4)));
  TableWavefunction psi(family, random_table(family, 0.2, 2));
  const Evaluated e = evaluate(family, psi, swap_options(chains_of(family, 8, 1024), {{0, 1}}), 1, *self_communicator());
  EXPECT_EQ(e.observable("renyi2", "reliable")[0], 0);
  EXPECT_THAT(e.outcome.warnings, testing::Contains(HasSubstr("4 pairs of independent chains < 16")));
}

TEST(Renyi2, OfALevelOfSeveralStatesHasNoExactValue) {
  const ProblemFamily family = build_family(chain("heisenberg", 5, spins(2)));
  TableWavefunction psi(family, random_table(family, 0.2, 2));
  const Evaluated e = evaluate(family, psi, swap_options(exact_sum(), {{0, 1}}, 0, Compare::ed), 1, *self_communicator());
  EXPECT_EQ(e.observable("renyi2", "exact_valid"), std::vector<double>{0});
}

TEST(Renyi2, HasTheSameBitsOnAnyNumberOfRanks) {
  SystemOptions system = chain("tv", 8, fermions(3));
  system.varied = {"V"};
  system.rows = {{0.5}, {2.0}};
  const ProblemFamily family = build_family(system);
  TableWavefunction psi(family, random_table(family, 0.8, 4));
  const EvaluateOptions options = swap_options(chains_of(family, 50, 800), {{0, 1, 2}, {1, 6}}, 7);
  const Evaluated one = evaluate(family, psi, options, 3, *self_communicator());
  for (const int ranks : {2, 3}) {
    run_in_process(ranks, [&](Communicator& comm) {
      const Evaluated all = evaluate(family, psi, options, 3, comm);
      for (const char* column : {"mean", "error"}) EXPECT_EQ(all.observable("renyi2", column), one.observable("renyi2", column)) << ranks;
    });
  }
}

// Configurations that are not of the sector of momentum (1, 0) vanish, also after a swap.
TEST(Renyi2, OfAProjectedNetworkIsThatOfItsAmplitudes) {
  test::InputText text{
      .lattice = "{kind: triangular, size: [3, 4]}", .sector = "{kind: spin_half, total_sz: 0}", .hamiltonian = "{kind: heisenberg}"};
  text.wavefunction = "symmetry: {momentum: [1, 0]}\nwavefunction: {kind: rbm, dtype: complex}\n";
  const RunPlan plan = test::plan_of(text);
  const auto psi = make_network(*plan.network, Device::cpu);
  RunState state;
  for (const double parameter : psi->initial_parameters({.seed = 3})) state.parameters.push_back(20 * parameter);
  const auto values = [&](const EvaluateOptions& options) {
    const auto comm = self_communicator();
    ExactStates exact({}, *comm);
    RunState own = state;
    EvaluateStage stage(options, {.comm = *comm, .family = *plan.family, .psi = psi.get(), .features = {}, .key = {5, 1}, .group = "00_evaluate"},
                        exact);
    stage.begin(own);
    return Evaluated{.outcome = stage.step(own), .outputs = own.outputs};
  };
  const std::vector<std::vector<int>> regions = {{0, 1, 2, 3, 4, 5}, {0, 5}};
  const Evaluated exact = values(swap_options(exact_sum(), regions));
  const Evaluated sampled =
      values(swap_options(metropolis({.moves = {{.kind = MoveKind::exchange, .d_max = 2}}, .chains = 64, .samples = 1024}), regions));
  for (const double z : z_of(sampled, exact.observable("renyi2", "mean"))) EXPECT_LT(std::abs(z), 4);
  EXPECT_GT(exact.observable("renyi2", "mean")[0], 0.1);
}

}  // namespace
}  // namespace qs

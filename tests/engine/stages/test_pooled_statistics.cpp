// Energies and observables of random networks by sampling, against exact sums over the same networks: pooled chi-squares and false alarms. Few seeds
// with every change, all of them nightly (ctest -C Nightly).
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <map>
#include <random>

#include "engine/statistics/distributions.h"
#include "engine/wavefunctions/qstage.h"
#include "engine/wavefunctions/rbm.h"
#include "engine/wavefunctions/registry.h"
#include "engine/wavefunctions/vit.h"
#include "evaluated.h"

namespace qs {
namespace {

using namespace testing_evaluate;  // NOLINT: systems of the tests

struct Case {
  std::string name;
  SystemOptions system;
  WavefunctionOptions network;
  std::vector<MoveOptions> moves;
  std::vector<std::string> observables;
  double power = 2;
};

SystemOptions with_couplings(SystemOptions system, std::map<std::string, double> couplings) {
  system.couplings = std::move(couplings);
  return system;
}

SystemOptions with_repulsions(SystemOptions system, std::vector<double> values) {
  system.varied = {"V"};
  for (const double v : values) system.rows.push_back({v});
  return system;
}

std::vector<Case> cases() {
  const MoveOptions exchange{.kind = MoveKind::exchange}, wide{.kind = MoveKind::exchange, .shells = {1, 2}, .d_max = 2, .weight = 0.5};
  const MoveOptions flip{.kind = MoveKind::flip}, hop{.kind = MoveKind::hop}, far_hop{.kind = MoveKind::hop, .shells = {1}, .d_max = 2};
  const RbmOptions complex{.alpha = 1, .dtype = Dtype::complex}, real{.alpha = 2, .dtype = Dtype::real};
  const QstageOptions qstage{.depth = 2, .d_model = 8, .heads = 2, .mlp = 12, .tails = {{"t", "V", "N"}}};
  const VitOptions vit{.patch = {2}, .layers = 1, .d_model = 8, .heads = 2, .couplings = {}};
  const std::vector<std::string> of_spins = {"energy", "sz_sz", "spin_spin", "structure_factor", "staggered_moment"};
  const std::vector<std::string> of_fermions = {"energy", "density", "density_density"};
  const std::vector<std::string> of_electrons = {"energy", "density", "double_occupancy"};
  return {{"heisenberg_ring", chain("heisenberg", 8, spins(4)), complex, {exchange}, of_spins},
          {"heisenberg_open", chain("heisenberg", 9, spins(4), Boundary::open), real, {exchange}, of_spins},
          {"heisenberg_mixture", chain("heisenberg", 10, spins(5), Boundary::open), complex, {exchange, wide}, of_spins},
          {"heisenberg_power_1", chain("heisenberg", 8, spins(4)), complex, {exchange}, of_spins, 1},
          {"heisenberg_square", square("heisenberg", 3, 3, spins(4)), complex, {exchange}, {"energy", "sz_sz", "spin_spin"}},
          {"heisenberg_vit", chain("heisenberg", 8, spins(4)), vit, {exchange}, of_spins},
          {"xxz_ring", with_couplings(chain("xxz", 9, spins(5)), {{"Delta", -0.5}}), complex, {exchange}, {"energy", "sz_sz", "spin_spin"}},
          {"tfim_ring", chain("tfim", 8, spins(-1)), complex, {flip}, {"energy", "sz_sz", "structure_factor"}},
          {"tfim_mixture", chain("tfim", 7, spins(-1), Boundary::open), real, {flip, exchange}, {"energy", "sz_sz"}},
          {"tv_ring", with_couplings(chain("tv", 8, fermions(4)), {{"V", 2}}), complex, {hop}, of_fermions},
          {"tv_far", with_couplings(chain("tv", 9, fermions(3), Boundary::open), {{"V", 1}}), complex, {hop, far_hop}, of_fermions},
          {"tv_square", with_couplings(square("tv", 3, 4, fermions(2)), {{"V", 1}}), real, {hop}, of_fermions},
          {"tv_family", with_repulsions(chain("tv", 6, fermions(3)), {1, 2, 4}), qstage, {hop}, of_fermions},
          {"hubbard_ring", with_couplings(chain("hubbard", 4, electrons(1, 1)), {{"U", 4}}), complex, {hop}, of_electrons},
          {"hubbard_open", with_couplings(chain("hubbard", 5, electrons(2, 2), Boundary::open), {{"U", 2}}), complex, {hop}, of_electrons}};
}

NetworkInput input_of(const ProblemFamily& family) {
  NetworkInput input;
  input.sites = family.lattice.sites();
  input.modes = family.modes();
  input.lattice_size = family.lattice.options().size;
  if (!family.varied.empty()) input.feature_names = {"t", "V", "N"};
  if (!family.varied.empty()) input.features = feature_table(family, input.feature_names);
  return input;
}

std::vector<double> random_parameters(const Wavefunction& psi, std::uint64_t seed) {
  std::vector<double> parameters = psi.initial_parameters({.seed = seed, .stage = 0});
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> normal(0.0, 0.15);
  for (double& value : parameters) value += normal(engine);
  return parameters;
}

constexpr std::int64_t chains = 256;

// Deviations from exact values as standard normal numbers: Student's t of the chain means, by its tail.
struct Pool {
  double chi_square = 0;
  int count = 0, alarms = 0, total = 0, missed = 0;

  void add(double mean, double error, double exact) {
    if (!(error > 1e-9)) return;  // does not vary
    const double t = (mean - exact) / error;
    const double z = normal_quantile(std::max(1e-300, student_tail(std::abs(t), double{chains - 1}) / 2));
    chi_square += z * z;
    ++count;
  }
  void judge(double mean, double error, double exact, bool reliable) {
    ++total;
    alarms += reliable ? 0 : 1;
    // Events as rare as five in all samples may not have been seen at all.
    missed += reliable && std::abs(mean - exact) > 4.5 * error + 5.0 / (16 * chains) ? 1 : 0;
  }
  double p() const { return 0.5 * std::erfc(chi_square_z(chi_square, count) / std::sqrt(2.0)); }
};

// Every system with `seeds` networks, each with chains of its own.
std::map<std::string, Pool> pooled(std::uint64_t seeds) {
  std::map<std::string, Pool> pools;
  const auto comm = self_communicator();
  std::uint64_t number = 0;
  for (const Case& test : cases()) {
    const ProblemFamily family = build_family(test.system);
    const auto psi = make_wavefunction(test.network, input_of(family), Precision::float64, Device::cpu);
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      const std::vector<double> parameters = random_parameters(*psi, 100 * ++number + seed);
      const auto run = [&](const SamplerOptions& sampler) {
        ExactStates states({}, *comm);
        RunState state;
        state.parameters = parameters;
        StageContext context{.comm = *comm, .family = family, .psi = psi.get(), .features = {}, .key = {seed, 1}, .group = "00_evaluate"};
        if (!family.varied.empty()) context.features = {"t", "V", "N"};
        EvaluateStage stage({.sampler = sampler, .observables = test.observables}, std::move(context), states);
        stage.begin(state);
        stage.step(state);
        return Evaluated{.outcome = {}, .outputs = std::move(state.outputs)};
      };
      // Means of skewed values, such as densities near 0, need many samples to be normal.
      const MetropolisOptions sampler{.moves = test.moves, .chains = chains, .samples = 16 * chains, .power = test.power};
      const Evaluated found = run(metropolis(sampler)), exact = run(exact_sum());
      const std::size_t g = seed % family.problems.size();
      pools["energy"].add(found.energy("mean", g), found.energy("error", g), exact.energy("mean", g));
      pools["energy"].judge(found.energy("mean", g), found.energy("error", g), exact.energy("mean", g), found.energy("reliable", g) == 1);
      // Values of one run are correlated: one of them counts, another one with each seed.
      const std::size_t observables = test.observables.size() - 1;
      const std::string& counted = test.observables[1 + seed % observables];
      for (std::size_t o = 1; o <= observables; ++o) {
        const std::string& name = test.observables[o];
        const auto &mean = found.observable(name, "mean"), &error = found.observable(name, "error"), &truth = exact.observable(name, "mean"),
                   &reliable = found.observable(name, "reliable");
        const std::size_t k = (7 * seed + 3) % mean.size();
        if (name == counted) pools["observables"].add(mean[k], error[k], truth[k]);
        for (std::size_t i = 0; i < mean.size(); ++i) pools["observables"].judge(mean[i], error[i], truth[i], reliable[i] == 1);
      }
    }
  }
  return pools;
}

void expect_honest(const std::map<std::string, Pool>& pools, double p_limit) {
  for (const auto& [name, pool] : pools) {
    std::cout << name << ": chi-square " << pool.chi_square << " of " << pool.count << ", p " << pool.p() << "; doubted " << pool.alarms << " of "
              << pool.total << ", trusted and more than 4.5 errors off " << pool.missed << "\n";
    EXPECT_GT(pool.p(), p_limit) << name;
    EXPECT_LT(pool.p(), 1 - p_limit) << name;
    EXPECT_LE(pool.alarms, 2 + pool.total / 20) << name;
    EXPECT_LE(pool.missed, pool.total / 1000) << name;
  }
}

TEST(EveryChange, PooledStatisticsOfFourSeedsAreHonest) { expect_honest(pooled(4), 1e-4); }

TEST(Nightly, PooledStatisticsOfTwentySeedsAreHonest) { expect_honest(pooled(20), 0.01); }

// 400 honest runs of a whole evaluate stage: how often is anything doubted?
TEST(Nightly, FalseAlarmsOfFourHundredRuns) {
  const ProblemFamily family = build_family(chain("heisenberg", 10, spins(5)));
  TableWavefunction psi(family, random_table(family, 0.3, 5));
  const auto comm = self_communicator();
  int energy = 0, any = 0, warned = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const Evaluated e = evaluate(
        family, psi, {.sampler = metropolis({.moves = {{.kind = MoveKind::exchange}}}), .observables = {"energy", "sz_sz", "structure_factor"}}, seed,
        *comm);
    bool doubted = e.energy("reliable") == 0;
    energy += doubted;
    for (const char* name : {"sz_sz", "structure_factor"}) {
      for (const double reliable : e.observable(name, "reliable")) doubted = doubted || reliable == 0;
    }
    any += doubted;
    warned += !e.outcome.warnings.empty();
  }
  std::cout << "400 runs: energy doubted in " << energy << ", anything in " << any << ", any warning in " << warned << "\n";
  EXPECT_LE(energy, 12);
  EXPECT_LE(any, 24);
}

}  // namespace
}  // namespace qs

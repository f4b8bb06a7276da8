// Adaptive steps on a ring of six sites with three fermions, where everything is known exactly.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <span>

#include "engine/base/error.h"
#include "engine/ed/lanczos.h"
#include "engine/optimize/natural_system.h"
#include "engine/stages/energy_judge.h"
#include "engine/stages/exact_states.h"
#include "engine/stages/infidelity_judge.h"
#include "engine/stages/measure.h"
#include "engine/stages/vmc_stage.h"
#include "engine/wavefunctions/qstage.h"
#include "engine/wavefunctions/registry.h"
#include "hamiltonians/registry.h"
#include "tests/engine/stages/tv_ring.h"

namespace {

using namespace qs;

struct Ring : ::testing::Test {
  std::unique_ptr<Communicator> comm = self_communicator();
  ProblemFamily family = test::tv_ring({1.0, 3.0});
  std::vector<std::string> features = {"t", "V", "N"};
  std::unique_ptr<Wavefunction> psi = make_wavefunction(QstageOptions{.depth = 2, .d_model = 8, .heads = 2, .mlp = 12, .tails = {features}},
                                                        {6, 6, {6}, 1, features, feature_table(family, features)}, Precision::float64, Device::cpu);
  std::vector<double> parameters = psi->initial_parameters({7, 4095});

  StageContext context() { return {.comm = *comm, .family = family, .psi = psi.get(), .features = features, .key = {7, 1}, .group = "00_vmc"}; }

  double energy_at(const std::vector<double>& at) {
    psi->set_parameters(at);
    const SampleSet samples = make_exact_sum(family, *comm)->sample(*psi);
    double sum = 0;
    for (const Estimate& e : estimate(*comm, samples, sampled_energies(*comm, family, *psi, samples), "local energy")) sum += e.mean.real() / 2;
    return sum;
  }

  // One step's worth of everything, at `parameters`.
  struct Step {
    std::unique_ptr<Sampler> sampler;
    SampleSet samples;
    std::vector<std::complex<double>> local, residual;
    std::vector<Estimate> energy;
  };
  Step prepared(const SamplerOptions& options) {
    psi->set_parameters(parameters);
    auto sampler = make_sampler(options, family, *comm, {7, 1});
    SampleSet samples = sampler->sample(*psi);
    auto local = sampled_energies(*comm, family, *psi, samples);
    auto energy = estimate(*comm, samples, local, "local energy");
    auto residual = centred(samples, local, energy);
    return {std::move(sampler), std::move(samples), std::move(local), std::move(residual), std::move(energy)};
  }

  std::vector<double> moved(double eta, const std::vector<double>& d) const {
    std::vector<double> to = parameters;
    for (std::size_t k = 0; k < to.size(); ++k) to[k] -= eta * d[k];
    return to;
  }
};

double norm(const std::vector<double>& x) {
  double sum = 0;
  for (const double value : x) sum += value * value;
  return std::sqrt(sum);
}

TEST_F(Ring, TheImageOfADirectionIsItsLengthInTheMetricInBothShapes) {
  const Step step = prepared({.kind = SamplerKind::exact_sum});
  const Tangent tangent{*psi, step.samples, *comm};
  std::vector<double> uneven(parameters.size());
  for (std::size_t k = 0; k < uneven.size(); ++k) uneven[k] = 1 + 0.5 * std::sin(static_cast<double>(k));
  std::vector<std::vector<double>> images, directions;
  for (const std::vector<double>& scales : {uneven, std::vector<double>{}}) {
    images.clear();
    directions.clear();
    for (const OptimizerKind kind : {OptimizerKind::sr, OptimizerKind::minsr}) {
      const auto system = make_natural_system({.kind = kind}, tangent, step.residual, std::vector<double>(parameters.size(), 1e-3), scales);
      const NaturalDirection found = system->solve(1e-2, 0.5);
      images.push_back(system->image(found));
      directions.push_back(found.direction);
    }
    ASSERT_EQ(images[0].size(), images[1].size());
    for (std::size_t i = 0; i < images[0].size(); ++i) EXPECT_NEAR(images[0][i], images[1][i], 1e-9);
    for (std::size_t k = 0; k < uneven.size(); ++k) EXPECT_NEAR(directions[0][k], directions[1][k], 1e-7);
  }

  // 1 - |<u|u'>|^2 of a small step is eta^2 |X d|^2.
  constexpr double eta = 1e-4;
  psi->set_parameters(moved(eta, directions[0]));
  const SampleSet after = make_exact_sum(family, *comm)->sample(*psi);
  double infidelity = 0;
  for (int g = 0; g < 2; ++g) {
    std::complex<double> overlap = 0;
    for (std::int64_t i = 0; i < after.rows.rows(); ++i) {
      if (after.rows.problem[i] != g) continue;
      overlap += std::polar(std::sqrt(step.samples.weight[i] * after.weight[i]), after.log_psi[i].imag() - step.samples.log_psi[i].imag());
    }
    infidelity += (1 - std::norm(overlap)) / 2;
  }
  EXPECT_NEAR(infidelity / std::pow(eta * norm(images[0]), 2), 1, 0.02);
}

TEST_F(Ring, TheModelPredictsTheEnergyToSecondOrderInTheStep) {
  const Step step = prepared({.kind = SamplerKind::exact_sum});
  const auto judge = make_energy_judge({*comm, family, *psi, *step.sampler, parameters, step.samples, step.local, step.energy});
  const auto system = make_natural_system({.kind = OptimizerKind::sr}, {*psi, step.samples, *comm}, step.residual, {}, {});
  const NaturalDirection found = system->solve(1.0, 1);
  const auto model = judge->model(system->image(found));
  ASSERT_TRUE(model.has_value());
  std::vector<double> misses;
  for (const double eta : {4e-3, 2e-3, 1e-3}) {
    const Achieved achieved = judge->achieved(moved(eta, found.direction));
    EXPECT_NEAR(achieved.decrease, energy_at(parameters) - energy_at(moved(eta, found.direction)), 1e-12);
    misses.push_back(std::abs(achieved.decrease / model->decrease(eta) - 1));
    psi->set_parameters(parameters);
  }
  EXPECT_LT(misses[0], 0.2);
  EXPECT_LT(misses[2], 0.6 * misses[0]) << "the ratio is 1 + O(eta)";
}

// The verdict of samples against the exact change of the energy: its error must be that of the difference, a fraction of the energy's own.
TEST_F(Ring, SamplesKnowTheChangeOfTheEnergyToTheErrorTheyState) {
  const Step exact = prepared({.kind = SamplerKind::exact_sum});
  const auto system = make_natural_system({.kind = OptimizerKind::sr}, {*psi, exact.samples, *comm}, exact.residual, {}, {});
  const std::vector<double> direction = system->solve(1e-1, 1).direction;
  const std::vector<double> there = moved(0.02, direction);
  const double truth = energy_at(parameters) - energy_at(there);
  constexpr int seeds = 80;
  double chi_squared = 0, ratio = 0;
  for (int seed = 0; seed < seeds; ++seed) {
    psi->set_parameters(parameters);
    MetropolisOptions options{.moves = {{.kind = MoveKind::hop}}, .chains = 64, .samples = 1024};
    const auto sampler = make_metropolis(options, family, *comm, {static_cast<std::uint64_t>(seed), 1});
    const SampleSet samples = sampler->sample(*psi);
    const auto local = sampled_energies(*comm, family, *psi, samples);
    const auto energy = estimate(*comm, samples, local, "local energy");
    const auto judge = make_energy_judge({*comm, family, *psi, *sampler, parameters, samples, local, energy});
    const Achieved found = judge->achieved(there);
    chi_squared += std::pow((found.decrease - truth) / found.error, 2) / seeds;
    ratio += found.error / std::hypot(energy[0].error, energy[1].error) * 2 / seeds;
    EXPECT_GT(found.effective, 0.5);
  }
  EXPECT_GT(chi_squared, 0.65);  // three standard deviations of chi^2/n at 80 seeds are 0.47, and errors from 64 samples scatter
  EXPECT_LT(chi_squared, 1.6);
  EXPECT_LT(ratio, 2) << "a sixteenth of the samples, and yet not much more noise than the energy of all";
}

// Learning rates 30 and 1000 times too large: no step that is taken raises an energy that is summed exactly above the highest of the last five.
TEST_F(Ring, NoExactStepRaisesTheEnergyAboveTheLastFiveHoweverLargeTheRate) {
  for (const double rate : {0.03, 0.9, 30.0}) {
    RunState state;
    state.parameters = parameters;
    VmcStage stage({.steps = 25, .sampler = {.kind = SamplerKind::exact_sum}, .optimizer = {.kind = OptimizerKind::sr, .lr = {rate, rate, 0}}},
                   context());
    state.trace = {stage.trace_columns(), {}};
    stage.begin(state);
    std::vector<double> energies = {energy_at(state.parameters)};
    for (; state.step < stage.steps(); ++state.step) {
      state.trace.rows.push_back(stage.step(state).trace_row);
      const auto recent = std::span(energies).last(std::min<std::size_t>(energies.size(), RecentLosses::remembered));
      const double highest = *std::ranges::max_element(recent);
      energies.push_back(energy_at(state.parameters));
      EXPECT_LE(energies.back(), highest + 1e-10) << "rate " << rate << ", step " << state.step;
    }
    stage.finish(state);
    EXPECT_LT(energies.back(), energies.front() - 0.3) << "rate " << rate << ": and yet it gets somewhere";
  }
}

TEST_F(Ring, AdaptiveStepsGoOnFromACheckpointToTheSameBits) {
  for (const OptimizerOptions& optimizer : {OptimizerOptions{.kind = OptimizerKind::minsr, .lr = {5.0, 5.0, 0}, .momentum = 0.9},
                                            OptimizerOptions{.kind = OptimizerKind::sr, .lr = {5.0, 5.0, 0}, .damping = Damping::scaled},
                                            OptimizerOptions{.kind = OptimizerKind::adamw, .lr = {1.0, 1.0, 0}},
                                            OptimizerOptions{.kind = OptimizerKind::muon, .lr = {1.0, 1.0, 0}, .momentum = 0.9},
                                            OptimizerOptions{.kind = OptimizerKind::sgd, .lr = {5.0, 5.0, 0}, .momentum = 0.9}}) {
    const VmcOptions options{
        .steps = 20,
        .sampler = {.kind = SamplerKind::metropolis, .metropolis = {.moves = {{.kind = MoveKind::hop}}, .chains = 32, .samples = 128}},
        .optimizer = optimizer};
    const auto steps = [&](RunState& state, std::int64_t until) {
      VmcStage stage(options, context());
      stage.begin(state);
      for (; state.step < until; ++state.step) stage.step(state);
      stage.save(state);
    };
    RunState whole, parts;
    whole.parameters = parts.parameters = parameters;
    steps(whole, 20);
    for (const std::int64_t until : {3, 7, 11, 16, 20}) steps(parts, until);

    EXPECT_EQ(parts.parameters, whole.parameters);
    EXPECT_EQ(parts.optimizer.buffers, whole.optimizer.buffers);
    EXPECT_EQ(parts.buffers, whole.buffers);
    EXPECT_EQ(parts.good.parameters, whole.good.parameters);
    EXPECT_EQ(parts.good.chains.bits, whole.good.chains.bits);
  }
}

TEST_F(Ring, TheInfidelityOfAStepIsThatOfItsRows) {
  ExactStates exact({}, *comm);
  const Step step = prepared({.kind = SamplerKind::exact_sum});
  std::vector<std::complex<double>> target;
  for (int g = 0; g < 2; ++g) {
    for (const double amplitude : exact.solve(family, g).states[0]) target.emplace_back(amplitude);
  }
  const auto infidelity = [&](const std::vector<double>& at) {
    psi->set_parameters(at);
    const SampleSet full = make_exact_sum(family, *comm)->sample(*psi);
    double sum = 0;
    for (int g = 0; g < 2; ++g) {
      std::complex<double> overlap = 0;
      for (std::int64_t i = 0; i < full.rows.rows(); ++i) {
        if (full.rows.problem[i] == g) overlap += std::polar(std::sqrt(full.weight[i]), -full.log_psi[i].imag()) * target[i];
      }
      sum += (1 - std::norm(overlap)) / 2;
    }
    return sum;
  };
  const double before = infidelity(parameters);
  psi->set_parameters(parameters);
  InfidelityJudge judge(Evidence::exact, *comm, *psi, parameters, step.samples, target);
  EXPECT_NEAR(judge.loss(), before, 1e-12);
  std::vector<double> there = parameters;
  for (std::size_t k = 0; k < there.size(); ++k) there[k] += 0.01 * std::sin(static_cast<double>(k));
  const double decrease = judge.achieved(there).decrease;
  EXPECT_NEAR(decrease, before - infidelity(there), 1e-12);
}

}  // namespace

// The stages together on a system small enough to know everything about.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"
#include "engine/sampling/equal_samples.h"
#include "engine/stages/ed_stage.h"
#include "engine/stages/evaluate_stage.h"
#include "engine/stages/pretrain_stage.h"
#include "engine/stages/vmc_stage.h"
#include "engine/wavefunctions/qstage.h"
#include "engine/wavefunctions/registry.h"
#include "hamiltonians/registry.h"
#include "tests/engine/stages/tv_ring.h"

namespace {

using namespace qs;

using test::tv_ring;

struct Fixture : ::testing::Test {
  std::unique_ptr<Communicator> comm = self_communicator();
  ProblemFamily family = tv_ring({1.0, 2.0});
  std::vector<std::string> features = {"t", "V", "N"};
  NetworkInput input{6, 6, {6}, 1, features, feature_table(family, features)};
  std::unique_ptr<Wavefunction> psi =
      make_wavefunction(QstageOptions{.depth = 2, .d_model = 8, .heads = 2, .mlp = 12, .tails = {features}}, input, Precision::float64, Device::cpu);
  ExactStates exact{{}, *comm};
  RunState state;

  Fixture() { state.parameters = psi->initial_parameters({7, 4095}); }

  StageContext context(const std::string& group, std::uint32_t stage) {
    return {.comm = *comm, .family = family, .psi = psi.get(), .features = features, .key = {7, stage}, .group = group};
  }

  void run(Stage& stage) {
    state.step = 0;
    state.trace = {stage.trace_columns(), {}};
    stage.begin(state);
    for (bool finished = false; state.step < stage.steps() && !finished; ++state.step) {
      const StepOutcome outcome = stage.step(state);
      ASSERT_EQ(outcome.trace_row.size(), state.trace.columns.size());
      state.trace.rows.push_back(outcome.trace_row);
      finished = outcome.finished;
    }
    stage.finish(state);
    state.optimizer = {};
    state.buffers.clear();
  }

  TargetSet targets() {
    TargetSet set{{family}, {}};
    for (int g = 0; g < family.size(); ++g) {
      const auto& vector = exact.solve(family, g).states[0];
      set.states.emplace_back(vector.begin(), vector.end());
    }
    return set;
  }

  TargetSet nobody() {
    TargetSet set{{family}, {}};
    set.families[0].problems.clear();
    set.families[0].varied_values.clear();
    return set;
  }
};

TEST_F(Fixture, TheEdStageLeavesEnergiesAndStatesThatCanBeRecalled) {
  EdStage stage({}, context("00_ed", 0), exact);

  run(stage);

  const double first = exact.solve(family, 0).energies[0];
  EXPECT_EQ(state.outputs.doubles("stages/00_ed/energy").at(0), first);
  ExactStates recalled({}, *comm);
  recall_exact_states(state.outputs, recalled);
  ASSERT_TRUE(recalled.has(family, 1));
  EXPECT_EQ(recalled.solve(family, 1).states[0], exact.solve(family, 1).states[0]);
}

TEST_F(Fixture, PretrainingByEitherOptimizerRaisesTheOverlap) {
  const OptimizerOptions adamw{.kind = OptimizerKind::adamw, .lr = {5e-3, 5e-3, 0}};
  const OptimizerOptions natural{.kind = OptimizerKind::natural, .lr = {0.1, 0.1, 0}, .diag_shift = {1e-3, 1e-3, 0}};
  for (const OptimizerOptions& optimizer : {adamw, natural}) {
    state.parameters = psi->initial_parameters({7, 4095});
    PretrainStage stage({.steps = 60, .optimizer = optimizer, .stop_overlap = 0.999}, context("01_pretrain", 1), targets(), nobody());

    run(stage);

    constexpr int overlap_column = 2;
    const double before = state.trace.rows.front()[overlap_column], after = state.outputs.doubles("stages/01_pretrain/overlap").at(0);
    EXPECT_GT(after, 0.95);
    EXPECT_LT(1 - after, (1 - before) / 3) << "little was learned from " << before;
  }
}

TEST_F(Fixture, TheGradientOfTheOverlapLossIsItsFiniteDifference) {
  const TargetSet set = targets();
  const auto loss = [&](const std::vector<double>& parameters) {
    psi->set_parameters(parameters);
    const SampleSet full = make_exact_sum(family, *comm)->sample(*psi);
    return exact_overlaps(full.log_psi, set.states).loss;
  };
  // One AdamW step without moments is lr * sign(gradient); plain values come from the trace's gradient norm instead.
  PretrainStage stage({.steps = 1, .optimizer = {.kind = OptimizerKind::adamw, .lr = {1e-12, 1e-12, 0}, .control = Control::fixed}},
                      context("01_pretrain", 1), set, nobody());
  const std::vector<double> start = state.parameters;
  run(stage);
  const double reported = state.trace.rows[0][7];

  double squared = 0;
  for (std::size_t k = 0; k < start.size(); ++k) {
    constexpr double h = 1e-5;
    std::vector<double> up = start, down = start;
    up[k] += h;
    down[k] -= h;
    squared += std::pow((loss(up) - loss(down)) / (2 * h), 2);
  }

  EXPECT_NEAR(reported, std::sqrt(squared), 1e-6 * std::sqrt(squared));
}

// The network has more parameters than the problem has amplitudes, so a small natural step moves psi freely: along the geodesic to the target, by
// 2 lr of the angle, from a random start far away.
TEST_F(Fixture, ANaturalStepOfPretrainingTurnsPsiByItsShareOfTheAngle) {
  family = tv_ring({1.0});
  input.features = feature_table(family, features);
  const TargetSet set = targets();
  const auto angle = [&] {
    psi->set_parameters(state.parameters);
    const SampleSet full = make_exact_sum(family, *comm)->sample(*psi);
    return std::acos(exact_overlaps(full.log_psi, set.states).modulus[0]);
  };
  PretrainStage stage(
      {.steps = 1, .optimizer = {.kind = OptimizerKind::minsr, .lr = {1e-4, 1e-4, 0}, .diag_shift = {1e-12, 1e-12, 0}, .control = Control::fixed}},
      context("01_pretrain", 1), set, nobody());
  psi->set_features(input.features);
  const double before = angle();

  run(stage);

  EXPECT_GT(before, 0.4);  // tan(theta) is 7 % longer
  EXPECT_NEAR((before - angle()) / before, 2e-4, 4e-6);
}

TEST_F(Fixture, DrawnRowsLearnTheStatesToo) {
  PretrainStage stage({.steps = 80, .optimizer = {.kind = OptimizerKind::minsr, .lr = {0.1, 0.1, 0}, .diag_shift = {1e-2, 1e-2, 0}}, .rows = 12},
                      context("01_pretrain", 1), targets(), nobody());

  run(stage);

  for (const double overlap : state.outputs.doubles("stages/01_pretrain/overlap")) EXPECT_GT(overlap, 0.9);
}

TEST_F(Fixture, VmcWithAnExactSumReachesTheGroundStateAndNeverFallsBelowIt) {
  VmcOptions options{.steps = 150,
                     .sampler = {.kind = SamplerKind::exact_sum},
                     .optimizer = {.kind = OptimizerKind::natural, .lr = {0.03, 0.03, 0}, .diag_shift = {1e-3, 1e-3, 0}}};
  VmcStage vmc(options, context("02_vmc", 2));
  run(vmc);
  EvaluateOptions evaluate_options;
  evaluate_options.sampler = options.sampler;
  evaluate_options.observables = {"energy", "overlap", "density"};
  evaluate_options.compare = Compare::ed;
  EvaluateStage evaluate(evaluate_options, context("03_evaluate", 3), exact);

  run(evaluate);

  for (int g = 0; g < family.size(); ++g) {
    const double energy = state.outputs.doubles("stages/03_evaluate/energy/mean")[g], exact_energy = exact.solve(family, g).energies[0];
    EXPECT_GT(energy, exact_energy - 1e-10);
    EXPECT_LT(energy, exact_energy + 2e-2 * std::abs(exact_energy));
    double particles = 0;
    for (int site = 0; site < 6; ++site) particles += state.outputs.doubles("stages/03_evaluate/observables/density/mean")[g * 6 + site];
    EXPECT_NEAR(particles, 3, 1e-10);
  }
}

// Where a sector is smaller than the sample, each configuration counts once with the weight of all that have it.
TEST_F(Fixture, AStepFromDistinctSamplesIsTheStepFromAll) {
  psi->set_features(feature_table(family, features));
  psi->set_parameters(state.parameters);
  const auto sampler = make_metropolis({.moves = {{.kind = MoveKind::hop}}, .chains = 32, .samples = 256}, family, *comm, {5, 1});
  const SampleSet all = sampler->sample(*psi);
  const auto local = sampled_energies(*comm, family, *psi, all);
  const auto residual = centred(all, local, estimate(*comm, all, local, "local energy"));
  ASSERT_TRUE(many_are_equal(family, all));
  const DistinctSamples once = distinct_samples(*comm, all);
  ASSERT_LE(once.samples.rows.rows(), 40);
  const auto merged = once.merge(*comm, residual);
  for (const OptimizerKind kind : {OptimizerKind::adamw, OptimizerKind::sr, OptimizerKind::minsr}) {
    const auto step = [&](const SampleSet& samples, const std::vector<std::complex<double>>& of_samples) {
      std::vector<double> parameters = state.parameters;
      const auto optimizer = make_optimizer({.kind = kind, .diag_shift = {1e-2, 1e-2, 0}, .control = Control::fixed}, psi->layout().total);
      optimizer->update({*psi, samples, *comm, nullptr}, of_samples, parameters);
      return parameters;
    };
    const std::vector<double> expected = step(all, residual), found = step(once.samples, merged);
    double difference = 0, length = 0;
    for (std::size_t k = 0; k < expected.size(); ++k) {
      difference = std::hypot(difference, found[k] - expected[k]);
      length = std::hypot(length, expected[k] - state.parameters[k]);
    }
    EXPECT_GT(length, 0);
    EXPECT_LT(difference, 1e-8 * length) << static_cast<int>(kind);
  }
}

TEST_F(Fixture, EveryStoredDatasetSaysItsUnitsAndWhatItIs) {
  EdStage ed({}, context("00_ed", 0), exact);
  run(ed);
  PretrainStage pretrain({.steps = 2, .optimizer = {}}, context("01_pretrain", 1), targets(), nobody());
  run(pretrain);
  VmcStage vmc({.steps = 2, .sampler = {.kind = SamplerKind::exact_sum}, .optimizer = {}}, context("02_vmc", 2));
  run(vmc);
  EvaluateOptions evaluate_options;
  evaluate_options.sampler.kind = SamplerKind::exact_sum;
  evaluate_options.observables = {"energy", "density"};
  evaluate_options.compare = Compare::ed;
  EvaluateStage evaluate(evaluate_options, context("03_evaluate", 3), exact);
  run(evaluate);

  for (const auto& [path, dataset] : state.outputs.datasets) {
    if (path.ends_with("_valid") || path.ends_with("/labels")) continue;  // masks and names
    EXPECT_TRUE(dataset.attributes.contains("units")) << path;
    EXPECT_TRUE(dataset.attributes.contains("long_name")) << path;
  }
  EXPECT_EQ(std::get<std::string>(state.outputs.at("stages/02_vmc/trace/energy/rhat").attributes.at("units")), "1");
  EXPECT_EQ(std::get<std::string>(state.outputs.at("stages/02_vmc/trace/energy/variance").attributes.at("units")), "t^2");
}

TEST_F(Fixture, AnOverflowIsRolledBackAFewTimesAndThenEndsTheRun) {
  state.parameters.assign(state.parameters.size(), std::numeric_limits<double>::quiet_NaN());
  StageContext watched = context("02_vmc", 2);
  std::vector<std::string> reasons;
  watched.keep_evidence = [&](const NonfiniteStep& failed) {
    reasons.push_back(failed.reason);
    EXPECT_EQ(failed.step, 0);
    EXPECT_TRUE(std::isnan(failed.parameters.front()));
    EXPECT_EQ(failed.rows.rows(), 2 * 4);  // the chains of both problems
  };
  VmcStage stage({.steps = 3, .sampler = {.metropolis = {.moves = {{.kind = MoveKind::hop}}, .chains = 4, .samples = 8}}, .optimizer = {}}, watched);
  state.trace = {stage.trace_columns(), {}};
  stage.begin(state);

  EXPECT_THROW(stage.step(state), NumericalError);
  EXPECT_GE(state.nonfinite_events, 1);
  ASSERT_EQ(reasons.size(), static_cast<std::size_t>(state.nonfinite_events));
  EXPECT_NE(reasons.front().find("log psi of a current state is nan"), std::string::npos) << reasons.front();
}

TEST(EnergyResult, BelowTheExactValueByMoreThanFourErrorsIsAnAlarm) {
  EnergyResult result;
  result.energy.mean = -1.05;
  result.energy.error = 0.01;
  result.exact = -1.0;

  EXPECT_TRUE(result.too_low());
  result.energy.error = 0.02;
  EXPECT_FALSE(result.too_low());
}

}  // namespace

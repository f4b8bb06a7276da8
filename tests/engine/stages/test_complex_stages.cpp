// The stages on Hamiltonians whose ground states are complex.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/energy/local_energy.h"
#include "engine/stages/ed_stage.h"
#include "engine/stages/evaluate_stage.h"
#include "engine/stages/pretrain_stage.h"
#include "engine/stages/vmc_stage.h"
#include "engine/wavefunctions/rbm.h"
#include "tests/hamiltonians/complex_models.h"

namespace {

using namespace qs;
using Complex = std::complex<double>;

struct ComplexStages : ::testing::Test {
  std::unique_ptr<Communicator> comm = self_communicator();
  ProblemFamily family = test::flux_family(6, 3, 1.3, 1.0);
  std::unique_ptr<Wavefunction> psi = network(family, *comm);
  ExactStates exact{{}, *comm};
  RunState state;

  ComplexStages() { state.parameters = psi->initial_parameters({7, 4095}); }

  static std::unique_ptr<Wavefunction> network(const ProblemFamily& family, Communicator&) {
    NetworkInput input;
    input.sites = family.lattice.sites();
    input.modes = family.modes();
    input.lattice_size = {input.sites};
    return make_wavefunction(RbmOptions{.alpha = 3, .dtype = Dtype::complex}, input, Precision::float64, Device::cpu);
  }

  StageContext context(const std::string& group, std::uint32_t stage) { return context_on(*comm, *psi, group, stage); }
  StageContext context_on(Communicator& ranks, Wavefunction& network, const std::string& group, std::uint32_t stage) {
    return {.comm = ranks, .family = family, .psi = &network, .features = {}, .key = {7, stage}, .group = group};
  }

  static void run(Stage& stage, RunState& state) {
    state.step = 0;
    state.trace = {stage.trace_columns(), {}};
    stage.begin(state);
    for (bool finished = false; state.step < stage.steps() && !finished; ++state.step) {
      const StepOutcome outcome = stage.step(state);
      state.trace.rows.push_back(outcome.trace_row);
      finished = outcome.finished;
    }
    stage.finish(state);
    state.optimizer = {};
    state.buffers.clear();
  }

  TargetSet targets() { return {{family}, {exact.ground_state(family, 0, "the network learns")}}; }
  TargetSet nobody() {
    TargetSet set{{family}, {}};
    set.families[0].problems.clear();
    return set;
  }
  // <H> of the network at these parameters.
  double energy(const std::vector<double>& parameters) {
    psi->set_parameters(parameters);
    const SampleSet full = make_exact_sum(family, *comm)->sample(*psi);
    const auto local = sampled_energies(*comm, family, *psi, full);
    Complex sum = 0;
    for (std::size_t i = 0; i < local.size(); ++i) sum += full.weight[i] * local[i];
    EXPECT_NEAR(sum.imag(), 0, 1e-12);
    return sum.real();
  }
};

TEST_F(ComplexStages, TheEdStageStoresComplexStatesAndRecallsThem) {
  EdStage stage({}, context("00_ed", 0), exact);

  run(stage, state);

  const EdResult& result = exact.solve(family, 0);
  const Dataset& stored = state.outputs.at("stages/00_ed/states/000");
  EXPECT_EQ(type_name(stored), "complex128");
  EXPECT_EQ(std::get<std::vector<Complex>>(stored.values), result.complex_states[0]);
  ExactStates recalled({}, *comm);
  recall_exact_states(state.outputs, recalled);
  ASSERT_TRUE(recalled.has(family, 0));
  EXPECT_EQ(recalled.solve(family, 0).complex_states, result.complex_states);
  EXPECT_EQ(recalled.solve(family, 0).applications, 0);
}

TEST_F(ComplexStages, TheEnergyGradientIsItsFiniteDifference) {
  // One step of plain descent along the gradient of the energy: its norm is in the trace.
  VmcStage stage({.steps = 1,
                  .sampler = {.kind = SamplerKind::exact_sum},
                  .optimizer = {.kind = OptimizerKind::adamw, .lr = {1e-12, 1e-12, 0}, .control = Control::fixed}},
                 context("02_vmc", 2));
  for (std::size_t k = 0; k < state.parameters.size(); ++k) state.parameters[k] *= 20;  // away from the uniform state
  const std::vector<double> start = state.parameters;
  run(stage, state);
  const auto& columns = state.trace.columns;
  const auto column = std::find(columns.begin(), columns.end(), "grad_norm") - columns.begin();
  ASSERT_LT(column, static_cast<std::ptrdiff_t>(columns.size()));

  double squared = 0;
  for (std::size_t k = 0; k < start.size(); ++k) {
    constexpr double h = 1e-5;
    std::vector<double> up = start, down = start;
    up[k] += h;
    down[k] -= h;
    squared += std::pow((energy(up) - energy(down)) / (2 * h), 2);
  }

  EXPECT_GT(squared, 1e-2);
  EXPECT_NEAR(state.trace.rows[0][column], std::sqrt(squared), 1e-6 * std::sqrt(squared));
}

TEST_F(ComplexStages, PretrainingLearnsAComplexState) {
  PretrainStage stage({.steps = 80, .optimizer = {.kind = OptimizerKind::natural, .lr = {0.1, 0.1, 0}, .diag_shift = {1e-3, 1e-3, 0}}},
                      context("01_pretrain", 1), targets(), nobody());

  run(stage, state);

  EXPECT_GT(state.outputs.doubles("stages/01_pretrain/overlap").at(0), 0.99);
}

TEST_F(ComplexStages, VmcReachesTheGroundStateOfAFluxRing) {
  VmcStage vmc({.steps = 200,
                .sampler = {.kind = SamplerKind::exact_sum},
                .optimizer = {.kind = OptimizerKind::natural, .lr = {0.05, 0.05, 0}, .diag_shift = {1e-3, 1e-3, 0}}},
               context("02_vmc", 2));
  run(vmc, state);
  EvaluateOptions evaluate_options;
  evaluate_options.sampler.kind = SamplerKind::exact_sum;
  evaluate_options.observables = {"energy", "overlap", "density"};
  evaluate_options.compare = Compare::ed;
  EvaluateStage evaluate(evaluate_options, context("03_evaluate", 3), exact);

  run(evaluate, state);

  const std::string group = "stages/03_evaluate/";
  EXPECT_LT(state.outputs.doubles(group + "energy/relative_error").at(0), 1e-3);
  EXPECT_GT(state.outputs.doubles(group + "energy/mean").at(0), state.outputs.doubles(group + "energy/exact").at(0) - 1e-10);
  EXPECT_GT(state.outputs.doubles(group + "energy/overlap").at(0), 0.999);
  for (int site = 0; site < 6; ++site) {
    EXPECT_NEAR(state.outputs.doubles(group + "observables/density/exact").at(site), 0.5, 1e-10);
    EXPECT_NEAR(state.outputs.doubles(group + "observables/density/mean").at(site), 0.5, 2e-2);
  }
}

TEST_F(ComplexStages, VmcReachesTheGroundStateOfADzyaloshinskyMoriyaRing) {
  family = test::dm_family(6, 3, {0, 0, 1});
  psi = network(family, *comm);
  state.parameters = psi->initial_parameters({7, 4095});
  VmcStage vmc({.steps = 200,
                .sampler = {.kind = SamplerKind::exact_sum},
                .optimizer = {.kind = OptimizerKind::natural, .lr = {0.05, 0.05, 0}, .diag_shift = {1e-3, 1e-3, 0}}},
               context("02_vmc", 2));
  run(vmc, state);
  const double ground = exact.solve(family, 0).energies[0];

  const double reached = energy(state.parameters);

  EXPECT_GT(reached, ground - 1e-10);
  EXPECT_LT(reached, ground + 1e-3 * std::abs(ground));
}

TEST_F(ComplexStages, AStepHasTheSameBitsOnAnyNumberOfRanks) {
  const VmcOptions options{.steps = 3, .sampler = {.kind = SamplerKind::exact_sum}, .optimizer = {.kind = OptimizerKind::natural}};
  const auto after = [&](Communicator& ranks) {
    const auto mine = network(family, ranks);
    RunState here;
    here.parameters = mine->initial_parameters({7, 4095});
    VmcStage vmc(options, context_on(ranks, *mine, "02_vmc", 2));
    run(vmc, here);
    return here.parameters;
  };
  const std::vector<double> one = after(*comm);
  run_in_process(3, [&](Communicator& ranks) { EXPECT_EQ(after(ranks), one); });
}

}  // namespace

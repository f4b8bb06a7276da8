#include "engine/bench/step_costs.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "engine/bench/peak_memory.h"
#include "engine/bench/timed_communicator.h"

namespace qs {
namespace {

// Largest memory met in every phase.
class MemoryByPhase {
 public:
  void left(const std::string& phase) {
    std::int64_t& peak = peaks_[phase];
    peak = std::max(peak, peak_memory());
    forget_peak_memory();
  }
  std::int64_t of(const std::string& phase) const {
    const auto found = peaks_.find(phase);
    return found == peaks_.end() ? 0 : found->second;
  }

 private:
  std::map<std::string, std::int64_t> peaks_;
};

double mean_over_ranks(Communicator& comm, double seconds) { return 1e-9 * static_cast<double>(comm.sum(std::llround(seconds * 1e9))) / comm.size(); }

std::int64_t samples_per_step(const VmcOptions& options, const ProblemFamily& family) {
  if (options.sampler.kind == SamplerKind::metropolis) return options.sampler.metropolis.samples * family.size();
  std::int64_t states = 0;
  for (const Problem& problem : family.problems) states += problem.sector.dimension();
  return states;
}

void run_steps(VmcStage& stage, RunState& state, int steps) {
  for (int k = 0; k < steps; ++k, ++state.step) stage.step(state);
}

}  // namespace

StepCosts measure_steps(const RunPlan& plan, const StagePlan& stage_plan, Wavefunction& psi, std::vector<double> parameters, int steps,
                        Communicator& world) {
  TimedCommunicator comm(world);
  const auto& options = std::get<VmcOptions>(stage_plan.options);
  VmcStage stage(options, {.comm = comm,
                           .family = stage_plan.family,
                           .sign_rule = plan.sign_rule,
                           .psi = &psi,
                           .features = plan.network->input.feature_names,
                           .key = {plan.seed, 0},
                           .group = stage_plan.group});
  RunState state;
  state.parameters = std::move(parameters);
  stage.begin(state);
  run_steps(stage, state, 1);

  comm.report_to(stage.clock());
  MemoryByPhase memory;
  stage.clock().watch([&](const std::string& phase) { memory.left(phase); });
  const std::map<std::string, double> before = stage.clock().seconds();
  const auto start = std::chrono::steady_clock::now();
  run_steps(stage, state, steps);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  StepCosts costs{stage_plan.group, samples_per_step(options, stage_plan.family), steps, mean_over_ranks(world, seconds) / steps, {}};
  for (const auto& [phase, total] : stage.clock().seconds()) {
    const auto earlier = before.find(phase);
    const double spent = total - (earlier == before.end() ? 0 : earlier->second);
    costs.phases.push_back({phase, mean_over_ranks(world, spent) / steps, world.max(memory.of(phase))});
  }
  std::sort(costs.phases.begin(), costs.phases.end(), [](const PhaseCost& a, const PhaseCost& b) { return a.seconds > b.seconds; });
  return costs;
}

}  // namespace qs

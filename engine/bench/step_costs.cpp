#include "engine/bench/step_costs.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "engine/bench/peak_memory.h"
#include "engine/comm/observed_communicator.h"

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

// Seconds of all of them.
double run_steps(Stage& stage, RunState& state, int steps) {
  const auto start = std::chrono::steady_clock::now();
  for (int k = 0; k < steps; ++k, ++state.step) state.trace.rows.push_back(stage.step(state).trace_row);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

StepCosts measure_steps(const RunPlan& plan, const StagePlan& stage_plan, Wavefunction& psi, std::vector<double> parameters, int steps,
                        Communicator& world) {
  PhaseClock* waiting = nullptr;  // gets the time inside collectives, their own work and the waiting for slower ranks, as the phase "wait"
  ObservedCommunicator comm(world, [&](const auto& collective) { timed(waiting, "wait", collective); });
  ExactStates exact(plan.ed, comm);
  const auto stage = stage_plan.make(stage_plan,
                                     {.comm = comm,
                                      .family = stage_plan.family,
                                      .sign_rule = plan.sign_rule,
                                      .psi = &psi,
                                      .features = plan.network->input.feature_names,
                                      .start = plan.network->start,
                                      .key = {plan.seed, 0},
                                      .group = stage_plan.group,
                                      .early_stop = EarlyStop::never},  // every measured step is a whole one
                                     exact);
  RunState state;
  state.parameters = std::move(parameters);
  stage->begin(state);
  const double first_seconds = run_steps(*stage, state, 1);

  waiting = &stage->clock();
  MemoryByPhase memory;
  stage->clock().watch([&](const std::string* left, const std::string*) {
    if (left) memory.left(*left);
  });
  const std::map<std::string, double> before = stage->clock().seconds();
  state.trace = {stage->trace_columns(), {}};
  const double seconds = run_steps(*stage, state, steps);

  StepCosts costs{.stage = stage_plan.group,
                  .samples = rows_per_step(stage_plan),
                  .steps = steps,
                  .first_seconds = mean_over_ranks(world, first_seconds),
                  .seconds = mean_over_ranks(world, seconds) / steps,
                  .phases = {},
                  .trace = state.trace};
  for (const auto& [phase, total] : stage->clock().seconds()) {
    const auto earlier = before.find(phase);
    const double spent = total - (earlier == before.end() ? 0 : earlier->second);
    const PhaseCost cost{phase, mean_over_ranks(world, spent) / steps, world.max(memory.of(phase))};
    if (cost.seconds > 0) costs.phases.push_back(cost);  // not what only the first step of all does
  }
  std::sort(costs.phases.begin(), costs.phases.end(), [](const PhaseCost& a, const PhaseCost& b) { return a.seconds > b.seconds; });
  return costs;
}

}  // namespace qs

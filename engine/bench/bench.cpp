#include "engine/bench/bench.h"

#include "engine/base/error.h"
#include "engine/base/parallel.h"
#include "engine/plan/choose_device.h"
#include "engine/plan/plan_network.h"

namespace qs {
namespace {

enum class Rows { sampled, supervised };

// The first training stage whose steps take such rows.
const StagePlan* first(const RunPlan& plan, Rows rows) {
  for (const StagePlan& stage : plan.stages) {
    if (stage.optimizer && stage.sampler.has_value() == (rows == Rows::sampled)) return &stage;
  }
  return nullptr;
}

}  // namespace

BenchReport bench(const RunPlan& plan, const BenchOptions& options, Communicator& comm) {
  if (!plan.network) throw InputError("bench needs a network to measure (the input has no 'wavefunction' section)");
  if (plan.device == Device::reference) throw InputError("bench measures fast devices (plain loops are the reference); give --set device=cpu");
  const std::string gpu = choose_device(plan.device, comm);
  if (plan.threads) set_threads(*plan.threads);
  const StagePlan* vmc = first(plan, Rows::sampled);
  const StagePlan* stage = vmc ? vmc : first(plan, Rows::supervised);
  if (stage && !stage->beside.empty())
    throw InputError("bench measures a stage on one lattice, and " + stage->group + " trains on several; give it one entry of 'systems'");
  const auto psi = make_network(*plan.network, stage ? stage->problems() : Problems(*plan.family), plan.device);
  const std::vector<double> parameters = plan.network->parameters.empty() ? psi->initial_parameters({plan.seed, 1}) : plan.network->parameters;
  psi->set_parameters(parameters);

  BenchReport report{.title = plan.title,
                     .wavefunction = plan.network->kind,
                     .instruction_set = cpu_instruction_set(),
                     .gpu = gpu,
                     .parameters = psi->layout().total,
                     .flops_per_log_psi = psi->flops_per_evaluation(),
                     .precision = plan.network->precision,
                     .chains = plan.network->chains(),
                     .ranks = comm.size(),
                     .threads = threads(),
                     .operations = measure_operations(*psi, plan.network->input.modes, plan.device, options.seconds_per_operation),
                     .steps = std::nullopt};
  if (stage && options.steps > 0) report.steps = measure_steps(plan, *stage, *psi, parameters, options.steps, comm);
  return report;
}

}  // namespace qs

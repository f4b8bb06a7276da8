// What --dry-run prints: parameters, memory per rank, work per step, resolved input.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "engine/base/parallel.h"
#include "engine/energy/connected_count.h"
#include "engine/optimize/natural_system.h"
#include "engine/plan/gpu_memory.h"
#include "engine/plan/plan_network.h"
#include "engine/plan/stage_memory.h"
#include "engine/report/provenance.h"
#include "engine/run/runner.h"
#include "engine/wavefunctions/projected.h"
#include "hamiltonians/symmetry/symmetry_sector.h"

namespace qs {
namespace {

constexpr double gib = 1073741824.0;

struct StepCost {
  double evaluations = 0;     // log psi per step, all ranks
  double jacobian_bytes = 0;  // at a time, all ranks together
  double matrix_bytes = 0;    // Gram matrix, overwritten by its factor; a rank sums its share of the upper half
  double update_flops = 0;    // Gram matrix and factorisation
};

StepCost vmc_cost(const StagePlan& stage, const Wavefunction& psi) {
  const Problems all = stage.problems();
  const OptimizerOptions& optimizer = *stage.optimizer;
  StepCost cost;
  const double problems = all.size();
  const double real_bytes = psi.precision() == Precision::float32 ? 4 : 8;
  const auto samples = static_cast<double>(rows_per_step(stage));
  if (stage.sampler->kind == SamplerKind::exact_sum) {
    cost.evaluations = samples;
  } else {
    const MetropolisOptions& m = stage.sampler->metropolis;
    const double sweep = static_cast<double>(m.sweep_size ? m.sweep_size : all.most_sites());
    const Projected* projected = m.follow == Follow::bare ? projection_of(psi) : nullptr;
    const double proposal = projected != nullptr ? 1.0 / projected->evaluations() : 1.0;  // of the network, in those of psi
    cost.evaluations = proposal * sweep * (samples + problems * static_cast<double>(m.chains * m.discard)) * static_cast<double>(m.tempering.size());
    for (int g = 0; g < all.size(); ++g) cost.evaluations += static_cast<double>(m.samples) * connected_per_sample(all.family_of(g), all[g]);
  }
  if (!is_natural(optimizer.kind)) return cost;
  const double rows = samples * rows_per_sample(psi.jacobian_mode());
  const double parameters = static_cast<double>(psi.layout().total);
  const bool by_parameters = resolved_kind(optimizer.kind, psi.layout().total, static_cast<std::int64_t>(rows)) == OptimizerKind::sr;
  const double order = by_parameters ? parameters : rows, inner = by_parameters ? rows : parameters;
  cost.jacobian_bytes = rows * parameters * real_bytes / optimizer.parameter_blocks;
  cost.matrix_bytes = order * order * 8;
  cost.update_flops = order * order * inner + order * order * order / 3;
  return cost;
}

}  // namespace

std::string describe_plan(const RunPlan& plan, const input::Document& document, int ranks) {
  std::string text = fmt::format("{}: device {}, {} rank{}, seed {}\noutput: {}\n", plan.title.empty() ? document.path : plan.title,
                                 device_name(plan.device), ranks, ranks == 1 ? "" : "s", plan.seed, plan.directory);
  for (const std::string& warning : plan.warnings) text += "warning: " + warning + "\n";
  if (plan.network) {
    const auto psi = make_network(*plan.network, Device::reference);  // any machine may plan
    text += fmt::format("wavefunction {}: {} parameters, {:.3g} MFLOP per log psi\n", plan.network->kind, psi->layout().total,
                        psi->flops_per_evaluation() / 1e6);
  }
  const StageNetworks networks = networks_of(plan);
  const std::vector<StageMemory> memory = stage_memory(plan, networks, ranks);
  for (std::size_t i = 0; i < plan.stages.size(); ++i) {
    const StagePlan& stage = plan.stages[i];
    const Problems problems = stage.problems();
    std::vector<std::string> sectors;
    for (const ProblemFamily* family : problems.families()) sectors.push_back(family->describe_sectors());
    text += fmt::format("{}: {} step{}, {} problem{}, {}\n", stage.group, stage.steps, stage.steps == 1 ? "" : "s", problems.size(),
                        problems.size() == 1 ? "" : "s", fmt::join(sectors, "; "));
    if (const auto& symmetry = stage.family.symmetry.sector)
      text += fmt::format("  symmetry: {}; {} elements\n", symmetry->describe(), symmetry->order());
    text += "  memory: " + describe(memory[i]) + "\n";
    text += stage.facts;
    if (stage.sampler && stage.optimizer) {
      const Wavefunction& psi = *networks[i];
      const StepCost cost = vmc_cost(stage, psi);
      text += fmt::format("  per step: {:.3g} evaluations of log psi = {:.3g} TFLOP, update {:.3g} TFLOP\n", cost.evaluations,
                          cost.evaluations * psi.flops_per_evaluation() / 1e12, cost.update_flops / 1e12);
      if (cost.jacobian_bytes > 0)
        text += fmt::format("  of which derivatives {:.3g} GiB per rank{}, Gram matrix {:.3g} GiB on rank 0{}\n", cost.jacobian_bytes / ranks / gib,
                            stage.optimizer->parameter_blocks > 1 ? fmt::format(" (one of {} blocks)", stage.optimizer->parameter_blocks) : "",
                            cost.matrix_bytes / gib, ranks > 1 ? fmt::format(", {:.3g} GiB on each other", cost.matrix_bytes / 2 / ranks / gib) : "");
      if (plan.device == Device::cuda) text += describe_gpu_memory(stage, psi, ranks, plan.threads.value_or(threads()));
    }
  }
  return text + "\n# resolved input\n" + document.resolved;
}

}  // namespace qs

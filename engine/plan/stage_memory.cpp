#include "engine/plan/stage_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/base/parallel.h"
#include "engine/optimize/update_memory.h"
#include "engine/sampling/sample_set.h"
#include "engine/stages/state_file.h"

namespace qs {
namespace {

constexpr double gib = 1073741824.0;
constexpr std::int64_t real = sizeof(double), complex = 2 * real;

bool needs_exact_states(const StagePlan& stage) {
  if (const auto* pretrain = std::get_if<PretrainPlan>(&stage.options)) return pretrain->file_states.empty();
  if (const auto* evaluate = std::get_if<EvaluateOptions>(&stage.options)) return evaluate->wants_exact();
  return std::holds_alternative<EdStageOptions>(stage.options);
}

// Exact states, which stay until the end of the run: those from files since the planning, others stage after stage.
class ExactMemory {
 public:
  explicit ExactMemory(const RunPlan& plan) : options_(plan.ed) {
    for (const StagePlan& stage : plan.stages) {
      const auto* pretrain = std::get_if<PretrainPlan>(&stage.options);
      if (!pretrain) continue;
      for (const Amplitudes& state : pretrain->file_states) kept_ += complex * static_cast<std::int64_t>(state.size());
    }
  }

  // Counts what the stage adds; returns what it needs beside that for a while: for its largest problem, or for the file that it exports.
  std::int64_t add(const StagePlan& stage) {
    std::int64_t work = 0;
    if (!needs_exact_states(stage)) return work;
    const auto* ed = std::get_if<EdStageOptions>(&stage.options);
    const bool is_complex = options_.symmetry && !options_.symmetry->real();
    const std::int64_t amplitude = is_complex ? complex : amplitude_bytes(stage.family.hamiltonian);
    for (int g = 0; g < stage.family.size(); ++g) {
      const std::int64_t dimension = stage.family.problems[g].sector.dimension();
      if (ed && ed->writes(dimension)) kept_ += copies_for_files * dimension * (amplitude * ed->states + real);  // and the basis
      if (!known_.insert(ExactStates::key(stage.family, g)).second) continue;
      kept_ += dimension * amplitude * std::min<std::int64_t>(options_.states, dimension);
      work = std::max(work, ed_memory(block_dimension(stage.family.problems[g].sector, options_), options_, amplitude));
    }
    if (ed && !ed->export_hdf5.empty()) work = std::max(work, copies_for_export * state_file_bytes(stage.family, ed->states));
    return work;
  }
  std::int64_t kept() const { return kept_; }

 private:
  // results.h5 and checkpoints are built in memory: the tree, its image, and the image of HDF5 beside the state's own outputs.
  static constexpr std::int64_t copies_for_files = 4;
  static constexpr std::int64_t copies_for_export = 3;  // the tree, its image, and that of HDF5

  EdOptions options_;
  std::set<std::string> known_;
  std::int64_t kept_ = 0;
};

class Walk {
 public:
  Walk(const RunPlan& plan, const Wavefunction* psi, int ranks)
      : plan_(plan), psi_(psi), ranks_(ranks), threads_(plan.threads.value_or(threads())), exact_(plan) {}

  StageMemory operator()(const StagePlan& stage) {
    StageMemory memory;
    memory.exact = exact_.add(stage) + exact_.kept();
    if (const auto* pretrain = std::get_if<PretrainPlan>(&stage.options)) this->pretrain(*pretrain, stage.family, memory);
    if (const auto* vmc = std::get_if<VmcOptions>(&stage.options)) {
      sampled(vmc->sampler, stage.family, memory);
      update(vmc->optimizer, memory);
    }
    if (const auto* evaluate = std::get_if<EvaluateOptions>(&stage.options)) {
      sampled(evaluate->sampler, stage.family, memory);
      if (evaluate->wants_exact()) memory.samples = std::max(memory.samples, rows_bytes(states_of(stage.family), stage.family.modes()));
    }
    if (psi_ != nullptr && stage.kind != "ed") memory.network = network();
    return memory;
  }

 private:
  // State, optimizer (two moments or the last direction), gradient, direction, trial, and the copies for the checkpoint.
  static constexpr std::int64_t parameter_vectors = 12;

  static std::int64_t states_of(const ProblemFamily& family) {
    std::int64_t states = 0;
    for (const Problem& problem : family.problems) states += problem.sector.dimension();
    return states;
  }

  std::int64_t network() const {
    const WavefunctionMemory memory = psi_->memory_on(Device::cpu);
    const std::size_t chunk = std::max({memory.log_psi_chunk, memory.vjp_chunk, memory.jacobian_chunk});
    return static_cast<std::int64_t>(memory.weights + threads_ * chunk) + parameter_vectors * real * psi_->layout().total;
  }

  // My share of the rows (configuration, problem, log psi, weight, local value), and the vectors that every rank gathers (log psi, value, weight,
  // problem, and them once more problem by problem).
  std::int64_t rows_bytes(std::int64_t rows, int modes) const {
    const std::int64_t row = words_for(modes) * static_cast<std::int64_t>(sizeof(Word)) + 4 + 2 * complex + real;
    const std::int64_t gathered = 2 * (2 * complex + real) + 4;
    return (rows + ranks_ - 1) / ranks_ * row + rows * gathered;
  }

  void sampled(const SamplerOptions& sampler, const ProblemFamily& family, StageMemory& memory) {
    const int per_sample = rows_per_sample(psi_->jacobian_mode());
    std::int64_t rows = 0;
    if (sampler.kind == SamplerKind::exact_sum) {
      rows = states_of(family);
      layout_ = planned_layout(Blocks::of_grains(rows, rows_per_grain, ranks_, 0), 1, per_sample);
    } else {
      const MetropolisOptions& metropolis = sampler.metropolis;
      rows = metropolis.samples * family.size();
      layout_ = planned_layout(Blocks(metropolis.chains * family.size(), ranks_, 0), metropolis.samples / metropolis.chains, per_sample);
      memory.samples +=
          static_cast<std::int64_t>(metropolis_memory(metropolis, family, ranks_, Device::cpu, psi_->for_chains().memory_on(Device::cpu).chunk_rows));
    }
    memory.samples += rows_bytes(rows, family.modes());
  }

  void pretrain(const PretrainPlan& pretrain, const ProblemFamily& family, StageMemory& memory) {
    const std::int64_t states = states_of(family);
    const std::int64_t rows = pretrain.options.rows > 0 ? pretrain.options.rows * static_cast<std::int64_t>(pretrain.train.size()) : states;
    layout_ = planned_layout(Blocks::of_grains(rows, rows_per_grain, ranks_, 0), 1, rows_per_sample(psi_->jacobian_mode()));
    memory.samples = rows_bytes(states, family.modes()) + states * (complex + real);  // and targets, and the weights that rows are drawn with
    update(pretrain.options.optimizer, memory);
  }

  // On a GPU rows and matrix are its own, and --dry-run plans them.
  void update(const OptimizerOptions& options, StageMemory& memory) const {
    const std::int64_t parameters = psi_->layout().total;
    if (!is_natural(options.kind)) {
      memory.update = real * parameters * (4 * threads_ + layout_->blocks.depth() + 2);
    } else if (plan_.device != Device::cuda) {
      memory.update =
          static_cast<std::int64_t>(update_memory(options.kind, *layout_, parameters, psi_->precision(), options.parameter_blocks).peak());
    }
  }

  const RunPlan& plan_;
  const Wavefunction* psi_;
  int ranks_, threads_;
  ExactMemory exact_;
  std::optional<RowLayout> layout_;  // of the present stage's update
};

// The key that makes the largest part smaller.
std::string remedy(const StageMemory& memory, const StagePlan& stage) {
  const auto* vmc = std::get_if<VmcOptions>(&stage.options);
  const auto* evaluate = std::get_if<EvaluateOptions>(&stage.options);
  const SamplerOptions* sampler = vmc ? &vmc->sampler : evaluate ? &evaluate->sampler : nullptr;
  const bool sampled = sampler != nullptr && sampler->kind == SamplerKind::metropolis;
  if (memory.exact > memory.total() / 2) return "the size of the sector or the states asked for";
  if (memory.network > memory.total() / 2) return "the size of the network or the threads";
  if (sampled) return "sampler.samples";
  return stage.kind == "pretrain" ? "rows" : "the size of the sector";
}

}  // namespace

std::int64_t kept_exact_states(const RunPlan& plan) {
  ExactMemory exact(plan);
  for (const StagePlan& stage : plan.stages) exact.add(stage);
  return exact.kept();
}

std::vector<StageMemory> stage_memory(const RunPlan& plan, const Wavefunction* psi, int ranks) {
  Walk walk(plan, psi, ranks);
  std::vector<StageMemory> all;
  for (const StagePlan& stage : plan.stages) all.push_back(walk(stage));
  return all;
}

std::string describe(const StageMemory& memory) {
  std::string parts;
  const auto add = [&](const char* name, std::int64_t bytes) {
    if (bytes > memory.total() / 100) parts += fmt::format("{}{} {:.3g} GiB", parts.empty() ? "" : ", ", name, bytes / gib);
  };
  add("exact states", memory.exact);
  add("network", memory.network);
  add("samples", memory.samples);
  add("derivatives and matrix", memory.update);
  return fmt::format("about {:.3g} GiB on rank 0 ({})", memory.total() / gib, parts);
}

std::optional<MemoryExcess> memory_excess(const RunPlan& plan, const Wavefunction* psi, int ranks) {
  const std::vector<StageMemory> all = stage_memory(plan, psi, ranks);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].total() <= plan.memory_limit) continue;
    return MemoryExcess{static_cast<int>(i),
                        fmt::format("{} takes {} with {} rank{}, limits.memory is {:.3g} GiB", plan.stages[i].group, describe(all[i]), ranks,
                                    ranks == 1 ? "" : "s", plan.memory_limit / gib),
                        remedy(all[i], plan.stages[i])};
  }
  return std::nullopt;
}

}  // namespace qs

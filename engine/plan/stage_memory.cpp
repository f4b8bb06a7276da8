#include "engine/plan/stage_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/base/parallel.h"
#include "engine/optimize/update_memory.h"
#include "engine/plan/plan_network.h"
#include "engine/sampling/sample_set.h"

namespace qs {
namespace {

constexpr double gib = 1073741824.0;
constexpr std::int64_t real = sizeof(double), complex = 2 * real;

// Exact states, which stay until the end of the run: those from files since the planning, others stage after stage.
class ExactMemory {
 public:
  explicit ExactMemory(const RunPlan& plan) : options_(plan.ed) {
    for (const StagePlan& stage : plan.stages) {
      for (const Amplitudes& state : stage.targets) kept_ += complex * static_cast<std::int64_t>(state.size());
    }
  }

  // Counts what the stage adds; returns what it needs beside that for a while: for its largest problem, or for the file that it exports.
  std::int64_t add(const StagePlan& stage) {
    std::int64_t work = 0;
    if (!stage.exact_states) return work;
    kept_ += copies_for_files * stage.stored_bytes;
    const Problems problems = stage.problems();
    for (const ProblemFamily* family : problems.families()) work = std::max(work, add(*family));
    return std::max(work, copies_for_export * stage.exported_bytes);
  }
  std::int64_t kept() const { return kept_; }

 private:
  std::int64_t add(const ProblemFamily& family) {
    std::int64_t work = 0;
    const std::int64_t amplitude = amplitude_bytes(family);
    for (int g = 0; g < family.size(); ++g) {
      const std::int64_t dimension = family.problems[g].sector.dimension();
      if (!known_.insert(ExactStates::key(family, g)).second) continue;
      kept_ += dimension * amplitude * std::min<std::int64_t>(options_.states, dimension);
      work = std::max(work, ed_memory(block_dimension(family, family.problems[g].sector), options_, amplitude));
    }
    return work;
  }

  // results.h5 and checkpoints are built in memory: the tree, its image, and the image of HDF5 beside the state's own outputs.
  static constexpr std::int64_t copies_for_files = 4;
  static constexpr std::int64_t copies_for_export = 3;  // the tree, its image, and that of HDF5

  EdOptions options_;
  std::set<std::string> known_;
  std::int64_t kept_ = 0;
};

class Walk {
 public:
  Walk(const RunPlan& plan, int ranks) : plan_(plan), ranks_(ranks), threads_(plan.threads.value_or(threads())), exact_(plan) {}

  // psi: what the stage works with; null: it needs no network.
  StageMemory operator()(const StagePlan& stage, const Wavefunction* psi) {
    psi_ = psi;
    StageMemory memory;
    memory.exact = exact_.add(stage) + exact_.kept();
    if (stage.sampler) sampled(*stage.sampler, stage, memory);
    memory.samples += stage.list_bytes;
    if (stage.sampler && stage.exact_states)
      memory.samples = std::max(memory.samples, rows_bytes(states_of(stage.problems()), stage.problems().modes()));
    if (stage.optimizer && !stage.sampler) supervised(stage, memory);
    if (stage.optimizer) update(*stage.optimizer, memory);
    if (psi_ != nullptr) memory.network = network();
    return memory;
  }

 private:
  // State, optimizer (two moments or the last direction), gradient, direction, trial, and the copies for the checkpoint.
  static constexpr std::int64_t parameter_vectors = 12;

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

  void sampled(const SamplerOptions& sampler, const StagePlan& stage, StageMemory& memory) {
    const Problems problems = stage.problems();
    const int per_sample = rows_per_sample(psi_->jacobian_mode());
    std::int64_t rows = 0;
    if (sampler.kind == SamplerKind::exact_sum) {
      rows = states_of(problems);
      layout_ = planned_layout(Blocks::of_grains(rows, rows_per_grain, ranks_, 0), 1, per_sample);
    } else {
      const MetropolisOptions& metropolis = sampler.metropolis;
      rows = metropolis.samples * problems.size();
      layout_ = planned_layout(Blocks(metropolis.chains * problems.size(), ranks_, 0), metropolis.samples / metropolis.chains, per_sample);
      memory.samples += static_cast<std::int64_t>(
          metropolis_memory(metropolis, problems, ranks_, Device::cpu, psi_->for_chains().memory_on(Device::cpu).chunk_rows));
    }
    memory.samples += rows_bytes(rows, problems.modes());
  }

  void supervised(const StagePlan& stage, StageMemory& memory) {
    const std::int64_t states = states_of(stage.problems());
    layout_ = planned_layout(Blocks::of_grains(stage.rows, rows_per_grain, ranks_, 0), 1, rows_per_sample(psi_->jacobian_mode()));
    memory.samples =
        rows_bytes(states, stage.problems().modes()) + states * (complex + real);  // and targets, and the weights that rows are drawn with
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
  const Wavefunction* psi_ = nullptr;  // of the present stage
  int ranks_, threads_;
  ExactMemory exact_;
  std::optional<RowLayout> layout_;  // of the present stage's update
};

// The key that makes the largest part smaller.
std::string remedy(const StageMemory& memory, const StagePlan& stage) {
  if (memory.exact > memory.total() / 2) return "the size of the sector or the states asked for";
  if (memory.network > memory.total() / 2) return "the size of the network or the threads";
  if (!stage.sampler) return stage.optimizer ? "rows" : "the size of the sector";
  return stage.sampler->kind == SamplerKind::metropolis ? "sampler.samples" : "the size of the sector";
}

}  // namespace

std::int64_t kept_exact_states(const RunPlan& plan) {
  ExactMemory exact(plan);
  for (const StagePlan& stage : plan.stages) exact.add(stage);
  return exact.kept();
}

StageNetworks networks_of(const RunPlan& plan) {
  StageNetworks networks;
  for (const StagePlan& stage : plan.stages) {
    const bool needed = plan.network && stage.uses_network();
    networks.push_back(needed ? make_network(*plan.network, stage.problems(), Device::reference) : nullptr);
  }
  return networks;
}

std::vector<StageMemory> stage_memory(const RunPlan& plan, const StageNetworks& networks, int ranks) {
  Walk walk(plan, ranks);
  std::vector<StageMemory> all;
  for (std::size_t i = 0; i < plan.stages.size(); ++i) all.push_back(walk(plan.stages[i], networks[i].get()));
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

std::optional<MemoryExcess> memory_excess(const RunPlan& plan, const StageNetworks& networks, int ranks) {
  const std::vector<StageMemory> all = stage_memory(plan, networks, ranks);
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

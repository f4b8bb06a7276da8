#include "engine/stages/stage_entry.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/sampling/sampler_entry.h"
#include "engine/sampling/tempering.h"
#include "engine/stages/stage_options.h"

namespace qs {

// A line per kind of stage; its entry stands in the file of the kind.
StageEntry ed_entry();
StageEntry pretrain_entry();
StageEntry vmc_entry();
StageEntry evaluate_entry();
StageEntry lanczos_entry();
StageEntry extrapolate_entry();
StageEntry sweep_entry();

std::span<const StageEntry> stages() {
  static const std::vector<StageEntry> table = {ed_entry(),      pretrain_entry(),    vmc_entry(),  evaluate_entry(),
                                                lanczos_entry(), extrapolate_entry(), sweep_entry()};
  return table;
}

std::int64_t states_of(const Problems& problems) {
  std::int64_t states = 0;
  for (int g = 0; g < problems.size(); ++g) states += problems[g].sector.dimension();
  return states;
}

std::int64_t rows_per_step(const StagePlan& stage) {
  if (!stage.sampler) return stage.rows;
  const Problems problems = stage.problems();
  return stage.sampler->kind == SamplerKind::exact_sum ? states_of(problems) : stage.sampler->metropolis.samples * problems.size();
}

void check_exact_states(const ProblemFamily& family, int states) {
  for (const Problem& problem : family.problems) {
    if (!problem.sector.enumerable())
      throw InputError(fmt::format("exact diagonalisation needs every state of the sector ({}), but {}; choose a smaller sector or lattice",
                                   problem.sector.describe(), problem.sector.why_not_enumerable()));
    const std::int64_t there = block_dimension(family, problem.sector);
    if (states > there)
      throw InputError(
          fmt::format("'states: {}' is more than the {} states of the sector ({}); ask for fewer", states, there, problem.sector.describe()));
  }
}

void check_sampler(const SamplerOptions& options, const Problems& problems) {
  constexpr std::int64_t exact_sum_limit = std::int64_t{1} << 22;
  check_ladder(options.metropolis.tempering);
  for (int g = 0; g < problems.size(); ++g) {
    const Problem& problem = problems[g];
    if (options.kind == SamplerKind::metropolis) {
      for (const MoveOptions& move : options.metropolis.moves) make_move(move, problems.family_of(g).lattice, problem.sector);
    } else if (!problem.sector.enumerable()) {
      throw InputError(fmt::format("sampler exact_sum needs every state of the sector ({}), but {}; use kind: metropolis", problem.sector.describe(),
                                   problem.sector.why_not_enumerable()));
    } else if (problem.sector.dimension() > exact_sum_limit) {
      throw InputError(fmt::format("sampler exact_sum over {} is too large (at most {} states); use kind: metropolis", problem.sector.describe(),
                                   exact_sum_limit));
    }
  }
}

SamplerOptions read_sampler(const Node& node) {
  if (node.kind() == "exact_sum") return {.kind = SamplerKind::exact_sum};
  return {.kind = SamplerKind::metropolis, .metropolis = metropolis_options().read(node)};
}

nlohmann::json value_at(const DataTree& outputs, const std::string& path, std::size_t k) {
  if (!outputs.has(path)) return nullptr;
  if (outputs.has(path + "_valid") && outputs.doubles(path + "_valid").at(k) == 0) return nullptr;
  return outputs.doubles(path).at(k);
}

nlohmann::json varied_couplings(const ProblemFamily& family, int g) {
  nlohmann::json couplings = nlohmann::json::object();
  for (std::size_t c = 0; c < family.varied.size(); ++c) couplings[family.varied[c]] = family.varied_values[g][c];
  return couplings;
}

}  // namespace qs

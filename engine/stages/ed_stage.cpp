#include "engine/stages/ed_stage.h"

#include <fmt/format.h>

#include "engine/stages/quantities.h"

namespace qs {
namespace {

constexpr std::int64_t automatic_dimension_limit = std::int64_t{1} << 20;

std::string state_path(const std::string& group, int problem) { return fmt::format("stages/{}/states/{:03}", group, problem); }

}  // namespace

EdStage::EdStage(EdStageOptions options, StageContext context, ExactStates& exact) : options_(options), context_(std::move(context)), exact_(exact) {}

bool EdStage::keeps_states(std::int64_t dimension) const {
  switch (options_.write_states) {
    case WriteStates::always:
      return true;
    case WriteStates::never:
      return false;
    case WriteStates::automatic:
      return dimension <= automatic_dimension_limit;
  }
  return false;
}

void EdStage::begin(RunState&) { exact_.set_options(options_.solver); }

StepOutcome EdStage::step(RunState& state) {
  const int g = static_cast<int>(state.step);
  const EdResult& result = clock_.measure("diagonalise", [&]() -> const EdResult& { return exact_.solve(context_.family, g); });
  store(result, g, state.outputs);

  StepOutcome outcome;
  outcome.trace_row = {static_cast<double>(g), result.energies[0], result.residuals[0], static_cast<double>(result.dimension),
                       static_cast<double>(result.applications)};
  const std::string& label = context_.family.problems[g].label;
  outcome.shown = {{"problem", label.empty() ? context_.family.hamiltonian.name : label},
                   {"E0", fmt::format("{:.10g}", result.energies[0])},
                   {"dimension", std::to_string(result.dimension)}};
  std::string note = fmt::format("exact {}: dimension {}, E0 = {:.12g} ({}, total)", label.empty() ? context_.family.hamiltonian.name : label,
                                 result.dimension, result.energies[0], context_.family.hamiltonian.convention);
  if (result.energies.size() > 1) note += fmt::format(", gap {:.6g}", result.energies[1] - result.energies[0]);
  outcome.notes.push_back(note + fmt::format(", residual {:.1e}", result.residuals[0]));
  return outcome;
}

void EdStage::store(const EdResult& result, int problem, DataTree& outputs) const {
  const std::string key = ExactStates::key(context_.family, problem);
  const std::string path = state_path(context_.group, problem);
  const std::string energies = fmt::format("stages/{}/levels/{:03}", context_.group, problem);
  const std::string& convention = context_.family.hamiltonian.convention;
  outputs.set(energies, with(with(array(result.energies), quantity_attributes("levels", convention)), {{"problem", key}}));
  outputs.set(energies + "_residuals", with(array(result.residuals), quantity_attributes("residuals", convention)));
  if (!keeps_states(result.dimension)) return;
  std::vector<double> flat;
  for (const auto& vector : result.states) flat.insert(flat.end(), vector.begin(), vector.end());
  outputs.set(path, with(array(std::move(flat), {static_cast<std::int64_t>(result.states.size()), result.dimension}),
                         {{"units", "1"},
                          {"long_name", "amplitudes, level by basis state"},
                          {"problem", key},
                          {"order", "increasing packed integer, bit i = site i; see basis"}}));
  const Sector& sector = context_.family.problems[problem].sector;
  std::vector<std::uint64_t> basis(result.dimension);
  for (std::int64_t i = 0; i < result.dimension; ++i) basis[i] = sector.state(i);
  // One basis serves every problem of the same sector.
  const std::string basis_path = "stages/" + context_.group + "/basis/" + fmt::format("{:03}", problem);
  if (problem > 0 && context_.family.problems[problem - 1].sector.describe() == sector.describe()) return;
  outputs.set(basis_path, with(array(std::move(basis)), {{"units", "1"}, {"long_name", "packed configurations, from this problem on"}}));
}

std::vector<std::string> EdStage::finish(RunState& state) {
  std::vector<double> energies;
  std::int64_t k = 0;
  for (int g = 0; g < context_.family.size(); ++g) {
    const auto& levels = state.outputs.doubles(fmt::format("stages/{}/levels/{:03}", context_.group, g));
    k = g == 0 ? static_cast<std::int64_t>(levels.size()) : std::min<std::int64_t>(k, levels.size());
  }
  for (int g = 0; g < context_.family.size(); ++g) {
    const auto& levels = state.outputs.doubles(fmt::format("stages/{}/levels/{:03}", context_.group, g));
    energies.insert(energies.end(), levels.begin(), levels.begin() + k);
  }
  state.outputs.set("stages/" + context_.group + "/energy", with(array(std::move(energies), {context_.family.size(), k}),
                                                                 quantity_attributes("levels", context_.family.hamiltonian.convention)));
  store_couplings(context_.family, context_.group, state.outputs);
  return {};
}

void recall_exact_states(const DataTree& outputs, ExactStates& exact) {
  for (const auto& [path, dataset] : outputs.datasets) {
    if (path.find("_ed/states/") == std::string::npos) continue;
    EdResult result;
    const std::string group = path.substr(0, path.find("/states/"));
    const std::string number = path.substr(path.rfind('/') + 1);
    result.energies = outputs.doubles(group + "/levels/" + number);
    result.residuals = outputs.doubles(group + "/levels/" + number + "_residuals");
    result.dimension = dataset.shape.at(1);
    const auto& flat = outputs.doubles(path);
    for (std::int64_t k = 0; k < dataset.shape.at(0); ++k)
      result.states.emplace_back(flat.begin() + k * result.dimension, flat.begin() + (k + 1) * result.dimension);
    exact.remember(std::get<std::string>(dataset.attributes.at("problem")), std::move(result));
  }
}

}  // namespace qs

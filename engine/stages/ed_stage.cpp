#include "engine/stages/ed_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/files/run_files.h"
#include "engine/stages/quantities.h"
#include "engine/stages/stage_entry.h"
#include "engine/stages/state_file.h"

namespace qs {
namespace {

constexpr std::int64_t automatic_dimension_limit = std::int64_t{1} << 20;

std::string state_path(const std::string& group, int problem) { return fmt::format("stages/{}/states/{:03}", group, problem); }

// The first `count` states, level by basis state.
template <class Scalar>
Dataset stored(const std::vector<std::vector<Scalar>>& states, std::int64_t count, std::int64_t dimension) {
  std::vector<Scalar> flat;
  for (std::int64_t k = 0; k < count; ++k) flat.insert(flat.end(), states[k].begin(), states[k].end());
  return array(std::move(flat), {count, dimension});
}

// The way back; leaves `states` as it is if the dataset has another type.
template <class Scalar>
void recall(const Dataset& dataset, std::vector<std::vector<Scalar>>& states) {
  const auto* flat = std::get_if<std::vector<Scalar>>(&dataset.values);
  if (flat == nullptr) return;
  const std::int64_t dimension = dataset.shape.at(1);
  for (std::int64_t k = 0; k < dataset.shape.at(0); ++k) states.emplace_back(flat->begin() + k * dimension, flat->begin() + (k + 1) * dimension);
}

}  // namespace

EdStage::EdStage(EdStageOptions options, StageContext context, ExactStates& exact) : options_(options), context_(std::move(context)), exact_(exact) {}

bool EdStageOptions::writes(std::int64_t dimension) const {
  switch (write_states) {
    case WriteStates::always:
      return true;
    case WriteStates::never:
      return false;
    case WriteStates::automatic:
      return dimension <= automatic_dimension_limit;
  }
  return false;
}

StepOutcome EdStage::step(RunState& state) {
  const int g = static_cast<int>(state.step);
  const EdResult& result = clock_.measure("diagonalise", [&]() -> const EdResult& { return exact_.solve(context_.family, g); });
  store(result, g, state.outputs);
  if (!options_.export_csv.empty()) exact_.ground_state(context_.family, g, "the CSV file holds");

  StepOutcome outcome;
  outcome.trace_row = {static_cast<double>(g), result.energies[0], result.residuals[0], static_cast<double>(result.dimension),
                       static_cast<double>(result.applications)};
  const std::string& label = context_.family.problems[g].label;
  const std::string& who = label.empty() ? context_.family.hamiltonian.name : label;
  outcome.shown = {{"problem", who}, {"E0", fmt::format("{:.10g}", result.energies[0])}, {"dimension", std::to_string(result.dimension)}};
  const std::string gap = result.gap ? fmt::format("gap {:.6g}", *result.gap) : "no other level";
  outcome.notes.push_back(fmt::format("exact {}: dimension {}{}, E0 = {:.12g} ({}, total), degeneracy {}, {}, residual {:.1e}", who, result.block,
                                      result.block == result.dimension ? "" : fmt::format(" of {}", result.dimension), result.energies[0],
                                      context_.family.hamiltonian.convention, result.degeneracy, gap, result.residuals[0]));
  return outcome;
}

std::int64_t EdStageOptions::stored_states(const EdResult& exact) const {
  return std::min<std::int64_t>(exact.energies.size(), std::max(states, exact.degeneracy));
}

void EdStage::store(const EdResult& result, int problem, DataTree& outputs) const {
  const std::string key = ExactStates::key(context_.family, problem);
  const std::string path = state_path(context_.group, problem);
  const std::string energies = fmt::format("stages/{}/levels/{:03}", context_.group, problem);
  const std::string& convention = context_.family.hamiltonian.convention;
  const std::int64_t count = options_.stored_states(result);
  const auto first = [&](const std::vector<double>& values) { return array(std::vector<double>(values.begin(), values.begin() + count)); };
  outputs.set(energies, with(with(first(result.energies), quantity_attributes("levels", convention)),
                             {{"problem", key}, {"degeneracy", std::int64_t{result.degeneracy}}}));
  if (result.gap) outputs.datasets[energies].attributes["gap"] = *result.gap;
  outputs.set(energies + "_residuals", with(first(result.residuals), quantity_attributes("residuals", convention)));
  if (!options_.writes(result.dimension)) return;
  Dataset states =
      result.complex_states.empty() ? stored(result.states, count, result.dimension) : stored(result.complex_states, count, result.dimension);
  outputs.set(path, with(std::move(states), {{"units", "1"},
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
  const auto levels = [&](int g) -> const Dataset& { return state.outputs.at(fmt::format("stages/{}/levels/{:03}", context_.group, g)); };
  const std::int64_t problems = context_.family.size();
  std::int64_t k = levels(0).shape.at(0);
  for (int g = 1; g < problems; ++g) k = std::min(k, levels(g).shape.at(0));
  std::vector<double> energies, gaps;
  std::vector<std::int64_t> degeneracies;
  for (int g = 0; g < problems; ++g) {
    const auto& values = std::get<std::vector<double>>(levels(g).values);
    energies.insert(energies.end(), values.begin(), values.begin() + k);
    const auto gap = levels(g).attributes.find("gap");
    gaps.push_back(gap == levels(g).attributes.end() ? std::numeric_limits<double>::quiet_NaN() : std::get<double>(gap->second));
    degeneracies.push_back(std::get<std::int64_t>(levels(g).attributes.at("degeneracy")));
  }
  const std::string group = "stages/" + context_.group + "/";
  const std::string& convention = context_.family.hamiltonian.convention;
  state.outputs.set(group + "energy", with(array(std::move(energies), {problems, k}), quantity_attributes("levels", convention)));
  store_values(state.outputs, group + "gap", std::move(gaps), {problems}, quantity_attributes("gap", convention));
  state.outputs.set(group + "degeneracy", with(array(std::move(degeneracies)), quantity_attributes("degeneracy")));
  store_couplings(context_.family, context_.group, state.outputs);
  return {};
}

void recall_exact_states(const DataTree& outputs, ExactStates& exact) {
  for (const auto& [path, dataset] : outputs.datasets) {
    if (path.find("_ed/states/") == std::string::npos) continue;
    EdResult result;
    const std::string group = path.substr(0, path.find("/states/"));
    const std::string number = path.substr(path.rfind('/') + 1);
    const Dataset& levels = outputs.at(group + "/levels/" + number);
    const auto degeneracy = levels.attributes.find("degeneracy"), gap = levels.attributes.find("gap");
    if (degeneracy == levels.attributes.end()) continue;  // of a version that cut levels
    result.degeneracy = static_cast<int>(std::get<std::int64_t>(degeneracy->second));
    if (gap != levels.attributes.end()) result.gap = std::get<double>(gap->second);
    result.energies = outputs.doubles(group + "/levels/" + number);
    result.residuals = outputs.doubles(group + "/levels/" + number + "_residuals");
    result.dimension = result.block = dataset.shape.at(1);
    recall(dataset, result.states);
    recall(dataset, result.complex_states);
    exact.remember(std::get<std::string>(dataset.attributes.at("problem")), std::move(result));
  }
}

namespace {

Options<EdStageOptions> ed_options() {
  using E = EdStageOptions;
  Options<E> options;
  options.integer("states", &E::states, 1, 1000, "lowest states per Hamiltonian; of the lowest level always all");
  options.other("tolerance", shape::number({0, 1, true, true, 0}), value(format_number(EdOptions{}.tolerance)),
                "residual norm of a converged state, relative to the energy scale");
  options.word("write_states", &E::write_states,
               Words<WriteStates>{{"auto", WriteStates::automatic}, {"always", WriteStates::always}, {"never", WriteStates::never}},
               "store the amplitudes in the results; auto: if they are small");
  options
      .add(
          "export_csv", shape::folder(), "folder below output.directory for the ground states as Q-stage CSV (hamiltonian kind tv)", &E::export_csv,
          [](const Node& node, std::string& folder) { folder = node.text(); }, [](const std::string& folder) { return folder; })
      .otherwise_absent("no export");
  options
      .add(
          "export_hdf5", shape::file(), "file below output.directory, NAME.h5, for the states of the family; `targets: {files: [...]}` takes it",
          &E::export_hdf5, [](const Node& node, std::string& file) { file = node.text(); }, [](const std::string& file) { return file; })
      .otherwise_absent("no export")
      .since("0.2.0");
  return options;
}

// The columns of a CSV file name these two couplings of spinless fermions.
bool fits_csv(const SystemOptions& system) {
  const auto has = [&](const char* name) { return system.couplings.contains(name); };
  return system.sector.kind == SectorKind::spinless_fermions && system.terms.terms.empty() && has("V") && has("delta");
}

// InputError if the file cannot hold the states, or is one of the run or of an earlier stage; "" exports nothing.
void check_csv(const std::string& folder, const SystemOptions& system) {
  if (!folder.empty() && !fits_csv(system))
    throw InputError(
        fmt::format("export_csv writes states of spinless fermions (hamiltonian kind tv), not of {}; write export_hdf5: exact.h5", system.model));
}

void check_hdf5(const std::string& name, const std::vector<StagePlan>& earlier) {
  const auto normal = [](const std::string& path) { return std::filesystem::path(path).lexically_normal().string(); };
  const std::string file = normal(name);
  if (file.empty()) return;
  if (!file.ends_with(".h5") || is_run_file(file))
    throw InputError(fmt::format("export_hdf5 '{}' {}; choose another name, such as exact.h5", name,
                                 is_run_file(file) ? "is a file of the run itself" : "does not end in .h5"));
  for (const StagePlan& stage : earlier) {
    if (stage.exports && normal(stage.exports->export_hdf5) == file)
      throw InputError(fmt::format("export_hdf5 '{}' is written by {} already; give each stage a name of its own", name, stage.group));
  }
}

void plan(const Node& node, StagePlanning& run, StagePlan& stage) {
  const EdStageOptions options = ed_options().read(node);
  run.diagnostics.check(node["export_csv"], [&] { check_csv(options.export_csv, run.system); });
  run.diagnostics.check(node["export_hdf5"], [&] { check_hdf5(options.export_hdf5, run.earlier); });
  check_exact_states(stage.family, options.states);
  const double tolerance = node["tolerance"].number();
  const bool first = std::none_of(run.earlier.begin(), run.earlier.end(), [&](const StagePlan& other) { return other.entry == stage.entry; });
  run.ed.tolerance = first ? tolerance : std::min(run.ed.tolerance, tolerance);
  run.ed.states = std::max(run.ed.states, options.states);
  stage.steps = stage.family.size();
  stage.exact_states = true;
  std::int64_t largest = 0;
  for (const Problem& problem : stage.family.problems) {
    const std::int64_t dimension = problem.sector.dimension();
    largest = std::max(largest, block_dimension(stage.family, problem.sector));
    if (options.writes(dimension))
      stage.stored_bytes += dimension * (amplitude_bytes(stage.family) * options.states + static_cast<std::int64_t>(sizeof(double)));
  }
  stage.facts = fmt::format("  dimension {}\n", largest);
  if (!options.export_hdf5.empty()) {
    stage.exported_bytes = state_file_bytes(stage.family, options.states);
    stage.facts +=
        fmt::format("  exports {}/{}, {:.3g} GiB\n", run.directory, options.export_hdf5, static_cast<double>(stage.exported_bytes) / (1 << 30));
  }
  if (options.exports()) stage.exports = std::make_shared<EdStageOptions>(options);
  stage.make = [options](const StagePlan&, StageContext context, ExactStates& exact) {
    return std::make_unique<EdStage>(options, std::move(context), exact);
  };
}

void summarise(const StagePlan& stage, const DataTree& outputs, nlohmann::json& entry) {
  const std::string group = "stages/" + stage.group + "/";
  if (!outputs.has(group + "energy")) return;
  const Dataset& levels = outputs.at(group + "energy");
  entry["results"] = nlohmann::json::array();
  for (int g = 0; g < stage.family.size(); ++g) {
    nlohmann::json row = varied_couplings(stage.family, g);
    row["energy"] = outputs.doubles(group + "energy").at(g * levels.shape.at(1));
    if (outputs.has(group + "degeneracy")) row["degeneracy"] = outputs.integers(group + "degeneracy").at(g);
    row["gap"] = value_at(outputs, group + "gap", g);
    entry["results"].push_back(row);
  }
}

}  // namespace

StageEntry ed_entry() {
  return {.name = "ed",
          .text = "exact diagonalisation of every Hamiltonian of the family",
          .keys = ed_options().list(),
          .plan = plan,
          .summarise = summarise,
          .needs = {}};
}

}  // namespace qs

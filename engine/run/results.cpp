#include "engine/run/results.h"

#include <fmt/format.h>

#include <cmath>

#include "engine/files/files.h"
#include "engine/plan/weight_names.h"
#include "engine/run/geometry.h"

namespace qs {
namespace {

using nlohmann::json;

std::string parameter_hash(const std::vector<double>& parameters) {
  return sha256_hex({reinterpret_cast<const char*>(parameters.data()), parameters.size() * sizeof(double)});
}

// Value k of a dataset with an optional "<path>_valid" mask; null where there is none.
json value_at(const DataTree& outputs, const std::string& path, std::size_t k) {
  if (!outputs.has(path)) return nullptr;
  if (outputs.has(path + "_valid") && outputs.doubles(path + "_valid").at(k) == 0) return nullptr;
  return outputs.doubles(path).at(k);
}

json problem_entry(const StagePlan& stage, int g) {
  json entry = json::object();
  for (std::size_t c = 0; c < stage.family.varied.size(); ++c) entry[stage.family.varied[c]] = stage.family.varied_values[g][c];
  return entry;
}

// What tells whether the numbers of problem g can be trusted, and the observables.
json sampling_entry(const StagePlan& stage, const DataTree& outputs, std::size_t g) {
  const std::string group = "stages/" + stage.group + "/";
  json entry = {{"reliable", value_at(outputs, group + "energy/reliable", g) == 1.0}, {"observables", json::object()}};
  if (outputs.has(group + "sampling/moves")) {
    const auto& moves = std::get<std::vector<std::string>>(outputs.at(group + "sampling/moves").values);
    entry["accept_of_move"] = json::array();
    for (std::size_t k = 0; k < moves.size(); ++k) {
      entry["accept_of_move"].push_back({{"move", moves[k]}, {"accept", value_at(outputs, group + "sampling/accept_of_move", g * moves.size() + k)}});
    }
    for (const char* name : {"invalid", "still_chains"}) entry[name] = outputs.integers(group + "sampling/" + name).at(g);
  }
  for (const std::string& name : std::get<EvaluateOptions>(stage.options).observables) {
    const std::string path = group + "observables/" + name + "/";
    if (!outputs.has(path + "labels")) continue;
    const auto& labels = std::get<std::vector<std::string>>(outputs.at(path + "labels").values);
    json& observable = entry["observables"][name] = {{"labels", labels}};
    for (const char* column : {"mean", "error", "tau", "rhat", "exact"}) {
      for (std::size_t k = 0; k < labels.size(); ++k) observable[column].push_back(value_at(outputs, path + column, g * labels.size() + k));
    }
    for (std::size_t k = 0; k < labels.size(); ++k) {
      observable["reliable"].push_back(value_at(outputs, path + "reliable", g * labels.size() + k) == 1.0);
    }
  }
  return entry;
}

json evaluate_entry(const StagePlan& stage, const DataTree& outputs) {
  const std::string energy = "stages/" + stage.group + "/energy/";
  json results = json::array();
  for (int g = 0; g < stage.family.size(); ++g) {
    json entry = problem_entry(stage, g);
    const json mean = value_at(outputs, energy + "mean", g), error = value_at(outputs, energy + "error", g);
    entry["energy"] = mean;
    entry["energy_per_site"] = mean.is_null() ? json() : json(mean.get<double>() / stage.family.lattice.sites());
    entry.update(sampling_entry(stage, outputs, g));
    for (const char* name : {"error", "variance", "vscore", "tau", "rhat", "accept", "exact", "relative_error", "overlap"})
      entry[name] = value_at(outputs, energy + name, g);
    const bool has_z = !entry["exact"].is_null() && !error.is_null() && error.get<double>() > 0;
    entry["z"] = has_z ? json((mean.get<double>() - entry["exact"].get<double>()) / error.get<double>()) : json();
    results.push_back(entry);
  }
  return results;
}

json stage_entry(const StagePlan& stage, const DataTree& outputs) {
  json entry = {
      {"kind", stage.kind}, {"group", stage.group}, {"convention", stage.family.hamiltonian.convention}, {"couplings", stage.family.varied}};
  const std::string group = "stages/" + stage.group + "/";
  if (stage.kind == "evaluate" && outputs.has(group + "energy/mean")) entry["results"] = evaluate_entry(stage, outputs);
  if (stage.kind == "ed" && outputs.has(group + "energy")) {
    const Dataset& levels = outputs.at(group + "energy");
    entry["results"] = json::array();
    for (int g = 0; g < stage.family.size(); ++g) {
      json row = problem_entry(stage, g);
      row["energy"] = outputs.doubles(group + "energy").at(g * levels.shape.at(1));
      if (outputs.has(group + "degeneracy")) row["degeneracy"] = outputs.integers(group + "degeneracy").at(g);
      row["gap"] = value_at(outputs, group + "gap", g);
      entry["results"].push_back(row);
    }
  }
  if (stage.kind == "pretrain" && outputs.has(group + "overlap")) entry["overlap"] = outputs.doubles(group + "overlap");
  if (stage.kind == "pretrain" && outputs.has(group + "hold_out/overlap")) entry["hold_out_overlap"] = outputs.doubles(group + "hold_out/overlap");
  if (outputs.has(group + "converged")) {
    entry["converged"] = outputs.integers(group + "converged").at(0) == 1;
    for (const char* name : {"start", "best", "last"}) {
      if (outputs.has(group + "loss/" + name)) entry["loss"][name] = value_at(outputs, group + "loss/" + name, 0);
    }
  }
  if (stage.kind == "vmc" && outputs.has(group + "trace/step")) entry["steps"] = outputs.doubles(group + "trace/step").size();
  return entry;
}

}  // namespace

DataTree results_tree(const ResultsContext& context, const RunState& state) {
  DataTree tree = state.outputs;
  tree.groups[""] = {{"layout", "qstage-results"},
                     {"layout_version", std::vector<std::int64_t>{1, 0}},
                     {"creator", "qstage-vmc"},
                     {"version", context.provenance.build.version},
                     {"git", context.provenance.build.git_hash},
                     {"created", context.provenance.created},
                     {"run_id", context.provenance.run_id}};
  tree.groups["provenance"] = provenance_attributes(context.provenance);
  tree.set("provenance/input_original", with(scalar(context.document.original), {{"sha256", sha256_hex(context.document.original)}}));
  tree.set("provenance/input_resolved", with(scalar(context.document.resolved), {{"sha256", sha256_hex(context.document.resolved)}}));
  tree.set("provenance/seeds", array(std::vector<std::uint64_t>{context.plan.seed}));
  store_origin(tree, context.plan.origin);
  if (context.plan.family) {
    tree.groups["system"]["sites"] = std::int64_t{context.plan.family->lattice.sites()};
    store_geometry(*context.plan.family, tree);
  }
  for (const StagePlan& stage : context.plan.stages) {
    store_observable_axes(stage, tree);
    store_random_numbers(stage, tree);
  }
  if (!state.parameters.empty()) store_weights(tree, tensor_shapes(context.layout), state.parameters);
  for (const auto& [phase, seconds] : state.seconds) tree.set("timing/" + phase, with(scalar(seconds), {{"units", "s"}}));
  return tree;
}

json summary_json(const ResultsContext& context, const RunState& state, const Reporter& reporter, RunPhase phase) {
  json stages = json::array(), warnings = json::array();
  for (const StagePlan& stage : context.plan.stages) stages.push_back(stage_entry(stage, state.outputs));
  for (const CountedMessage& warning : reporter.warnings()) warnings.push_back({{"text", warning.text}, {"count", warning.count}});
  return {{"format", 1},
          {"state", phase_name(phase)},
          {"title", context.plan.title},
          {"version", context.provenance.build.version},
          {"seed", context.plan.seed},
          {"ranks", context.provenance.ranks},
          {"device", context.provenance.device},
          {"parameters", context.layout.total},
          {"parameters_sha256", state.parameters.empty() ? json() : json(parameter_hash(state.parameters))},
          {"stages", stages},
          {"nonfinite_events", state.nonfinite_events},
          {"warnings", warnings},
          {"wall_seconds", reporter.wall_seconds()}};
}

}  // namespace qs

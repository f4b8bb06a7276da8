#include "engine/run/results.h"

#include <fmt/format.h>

#include "engine/files/files.h"
#include "engine/plan/weight_names.h"
#include "engine/run/geometry.h"
#include "engine/run/references.h"
#include "hamiltonians/registry.h"

namespace qs {
namespace {

using nlohmann::json;

std::string parameter_hash(const std::vector<double>& parameters) {
  return sha256_hex({reinterpret_cast<const char*>(parameters.data()), parameters.size() * sizeof(double)});
}

json stage_entry(const StagePlan& stage, const DataTree& outputs) {
  const std::string group = "stages/" + stage.group + "/";
  json entry = {
      {"kind", stage.entry->name}, {"group", stage.group}, {"convention", stage.family.hamiltonian.convention}, {"couplings", stage.family.varied}};
  stage.entry->summarise(stage, outputs, entry);
  if (outputs.has(group + "converged")) {
    entry["converged"] = outputs.integers(group + "converged").at(0) == 1;
    for (const char* name : {"start", "best", "last"}) {
      if (outputs.has(group + "loss/" + name)) entry["loss"][name] = value_at(outputs, group + "loss/" + name, 0);
    }
  }
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
  tree.set("provenance/citations", with(scalar(citations(context.document)), {{"long_name", "BibTeX of this program and of the methods used"}}));
  tree.set("provenance/seeds", array(std::vector<std::uint64_t>{context.plan.seed}));
  store_origin(tree, context.plan.origin);
  if (context.plan.family) {
    tree.groups["system"]["formula"] = find_model(context.plan.family->hamiltonian.name).doc;
    store_geometry(*context.plan.family, "system", tree);
  }
  for (const StagePlan& stage : context.plan.stages) {
    const bool elsewhere = context.plan.family && stage.family.lattice.describe() != context.plan.family->lattice.describe();
    if (elsewhere && stage.beside.empty()) store_geometry(stage.family, "stages/" + stage.group + "/system", tree);
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

// What the input says of pretraining, and what its results say.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/stages/pretrain_stage.h"
#include "engine/stages/stage_entry.h"
#include "engine/stages/stage_options.h"

namespace qs {
namespace {

Options<PretrainOptions> stop_options() {
  Options<PretrainOptions> options;
  options
      .number("overlap", &PretrainOptions::stop_overlap, {0, 1, true, false, 0},
              "stop when the mean overlap |<psi|phi>| of the training problems reaches this")
      .otherwise_absent("no early stop");
  return options;
}

Options<PretrainOptions> pretrain_options() {
  using P = PretrainOptions;
  Options<P> options;
  options.other("targets", shape::either({shape::choice({"ed"}), shape::section("targets")}), value("ed"),
                "states to learn: exact diagonalisation, or {files: [...]}");
  options.integer("steps", &P::steps, 0, 1LL << 40, "parameter updates, at most").unit("steps");
  add_training(options);
  options.add(
      "stop", shape::section("stop"), "when to stop before all steps are done", [](auto& all) -> auto& { return all; },
      [](const Node& node, P& all) { all = stop_options().read(node, std::move(all)); }, [](const P&) { return std::string("{}"); });
  options
      .add(
          "rows", shape::either({shape::choice({"full"}), shape::integer(1, 1LL << 40)}),
          "basis states per step: all of them, or this many, drawn by the weights of the network and the target", &P::rows,
          [](const Node& node, std::int64_t& rows) { rows = node.is_text() ? 0 : node.integer(); },
          [](std::int64_t rows) { return rows == 0 ? std::string("full") : std::to_string(rows); })
      .unit("configurations per Hamiltonian");
  options.number("power", &P::power, {0, 2, true, false, 0}, "rows are drawn from ((|psi|^2 + |target|^2)/2)^(power/2), and weighted exactly")
      .otherwise_absent("2.0, and nothing when rows is full");
  options.other("held_out", shape::values(), absent("none"), "coupling values left out of the training but measured, e.g. {V: [3.0]}");
  options.integer("evaluate_every", &P::evaluate_every, 1, 1LL << 40, "steps between measurements of the full overlap").unit("steps");
  return options;
}

struct Split {
  std::vector<int> train, hold_out;  // problem numbers
};

// A problem is held out when each named coupling has one of the listed values.
Split split(const Node& held_out, const Problems& problems) {
  Split parts;
  for (int g = 0; g < problems.size(); ++g) {
    bool held = !held_out.is_null();
    if (held) {
      for (const auto& [name, values] : held_out.entries()) {
        const std::vector<double> listed = values.numbers();
        held = held && std::find(listed.begin(), listed.end(), problems.family_of(g).feature(problems.place_of(g), name)) != listed.end();
      }
    }
    (held ? parts.hold_out : parts.train).push_back(g);
  }
  if (!held_out.is_null() && parts.hold_out.empty()) throw InputError("held_out names no member of the family (compare its values with 'family')");
  if (parts.train.empty()) throw InputError("held_out leaves no problem to train on");
  return parts;
}

// The listed problems with their states: from files, or from `exact`.
TargetSet targets(const StagePlan& stage, const std::vector<int>& problems, ExactStates& exact) {
  const Problems all = stage.problems();
  TargetSet set;
  for (const ProblemFamily* family : all.families()) {
    set.families.push_back(*family);
    set.families.back().problems.clear();
    set.families.back().varied_values.clear();
  }
  for (const int g : problems) {
    const ProblemFamily& from = all.family_of(g);
    ProblemFamily& to = set.families[all.lattice_of()[g]];
    const int place = all.place_of(g);
    to.problems.push_back(from.problems[place]);
    if (!from.varied.empty()) to.varied_values.push_back(from.varied_values[place]);
    set.states.push_back(stage.exact_states ? exact.ground_state(from, place, "the network learns") : stage.targets[g]);
  }
  return set;
}

void plan(const Node& node, StagePlanning& run, StagePlan& stage) {
  PretrainOptions options = pretrain_options().read(node);
  options.optimizer.device = run.device;
  const Problems problems = stage.problems();
  const Split parts = split(node["held_out"], problems);
  stage.exact_states = node["targets"].is_text();
  if (!stage.exact_states && !problems.on_one_lattice())
    throw InputError(
        "targets.files serves one lattice, but this stage trains on several (an ed stage over them finds their states); write targets: ed");
  for (const ProblemFamily* family : problems.families()) {
    if (stage.exact_states)
      check_exact_states(*family, 1);
    else
      stage.targets = run.read_targets(node["targets"]["files"], *family);
  }
  stage.steps = options.steps;
  stage.optimizer = options.optimizer;
  for (const int g : parts.train) stage.rows += options.rows > 0 ? options.rows : problems[g].sector.dimension();
  stage.make = [options, parts](const StagePlan& planned, StageContext context, ExactStates& exact) {
    TargetSet train = targets(planned, parts.train, exact), hold_out = targets(planned, parts.hold_out, exact);
    return std::make_unique<PretrainStage>(options, std::move(context), std::move(train), std::move(hold_out));
  };
}

void summarise(const StagePlan& stage, const DataTree& outputs, nlohmann::json& entry) {
  const std::string group = "stages/" + stage.group + "/";
  if (outputs.has(group + "overlap")) entry["overlap"] = outputs.doubles(group + "overlap");
  if (outputs.has(group + "hold_out/overlap")) entry["hold_out_overlap"] = outputs.doubles(group + "hold_out/overlap");
}

Options<PretrainOptions> target_options() {
  Options<PretrainOptions> options;
  options.other("files", shape::list(shape::text(), 1), required("[../ED_data/a.csv]"),
                "state files, relative to the input file: HDF5 of any number of Hamiltonians (export_hdf5 of an ed stage) or Q-stage CSV of one");
  return options;
}

}  // namespace

StageEntry pretrain_entry() {
  return {.name = "pretrain",
          .text = "supervised training on known states",
          .keys = pretrain_options().list(),
          .plan = plan,
          .summarise = summarise,
          .lattices = Lattices::several,
          .sections = {{"stop", stop_options().list()}, {"targets", target_options().list()}}};
}

}  // namespace qs

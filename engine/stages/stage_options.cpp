#include "engine/stages/stage_options.h"

#include "engine/optimize/optimizer_entry.h"
#include "engine/sampling/sampler_entry.h"
#include "hamiltonians/observable.h"

namespace qs {
namespace {

template <class Struct>
void add_family(Options<Struct>& options) {
  options.other("family", shape::family(), absent("system.family"), "the family of this stage, in place of system.family");
}

template <class Struct>
void add_training(Options<Struct>& options) {
  options
      .add(
          "optimizer", shape::section("optimizer"), "how parameters are updated", &Struct::optimizer,
          [](const Node& node, OptimizerOptions& optimizer) { optimizer = read_optimizer(node); },
          [](const OptimizerOptions&) { return std::string(); })
      .otherwise_required("{kind: minsr, lr: 0.02}");
  options
      .word("keep", &Struct::keep, Words<Keep>{{"best", Keep::best}, {"last", Keep::last}},
            "parameters that later stages and the results take: the best of the stage within errors, or those of its last step")
      .since("0.2.0");
}

template <class Struct>
void add_sampler(Options<Struct>& options) {
  options
      .add(
          "sampler", shape::overriding("sampler"), "keys that differ from the global sampler in this stage", &Struct::sampler,
          [](const Node& node, SamplerOptions& sampler) { sampler = read_sampler(node); }, [](const SamplerOptions&) { return std::string(); })
      .otherwise_absent("the global sampler");
}

// Names, and observables that the input writes out; their terms are read where the system is known.
void add_observables(Options<EvaluateOptions>& options) {
  Shape known = shape::choice({"energy", "overlap"});
  known.meanings = {"mean energy, always measured", "with the exact ground level, |<psi|phi>| / (|psi| |phi|)"};
  for (const ObservableEntry& entry : observables()) {
    known.words.push_back(entry.name);
    known.meanings.push_back(entry.doc);
  }
  options.add(
      "observables", shape::set(shape::either({std::move(known), shape::section("own_observable")}), 1),
      "what to measure; {name: ..., terms: [...]} measures terms of your own", &EvaluateOptions::observables,
      [](const Node& node, std::vector<std::string>& names) {
        names.clear();
        for (const Node& item : node.items()) names.push_back(item.is_map() ? item["name"].text() : item.text());
      },
      [](const std::vector<std::string>&) { return std::string("[energy]"); });
}

}  // namespace

SamplerOptions read_sampler(const Node& node) {
  if (node.kind() == "exact_sum") return {.kind = SamplerKind::exact_sum};
  return {.kind = SamplerKind::metropolis, .metropolis = metropolis_options().read(node)};
}

Options<EdStageOptions> ed_options() {
  using E = EdStageOptions;
  Options<E> options;
  add_family(options);
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
  add_family(options);
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

Options<VmcOptions> vmc_options() {
  Options<VmcOptions> options;
  add_family(options);
  options.integer("steps", &VmcOptions::steps, 0, 1LL << 40, "parameter updates").unit("steps").otherwise_required("300");
  add_training(options);
  add_sampler(options);
  return options;
}

Options<EvaluateOptions> evaluate_options() {
  using E = EvaluateOptions;
  Options<E> options;
  add_family(options);
  add_sampler(options);
  add_observables(options);
  options.word("compare", &E::compare, Words<Compare>{{"none", Compare::none}, {"ed", Compare::ed}},
               "put exact values beside the measured ones: energy, and every observable as its mean over the exact ground level");
  return options;
}

}  // namespace qs

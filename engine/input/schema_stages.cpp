// Keys of the stages.
#include "engine/input/schema.h"

namespace qs::input {

using namespace shape;

namespace {

const char* const sampling_kinds = "vmc evaluate";

Shape observables() {
  return set(choice({"energy", "overlap", "density", "density_density", "double_occupancy", "sz_sz", "spin_spin", "structure_factor",
                     "spin_structure_factor", "staggered_moment"}),
             1);
}

}  // namespace

std::vector<Key> stage_keys() {
  return {
      {"stages", "", "family", family(), absent("system.family"), "", "0.1.0", "the family of this stage, in place of system.family"},

      {"stages", "ed", "states", integer(1, 1000), value("1"), "", "0.1.0", "lowest states per Hamiltonian; of the lowest level always all"},
      {"stages", "ed", "tolerance", number({0, 1, true, true, 0}), value("1.0e-10"), "", "0.1.0",
       "residual norm of a converged state, relative to the energy scale"},
      {"stages", "ed", "write_states", choice({"auto", "always", "never"}), value("auto"), "", "0.1.0",
       "store the amplitudes in the results; auto: if they are small"},
      {"stages", "ed", "export_csv", folder(), absent("no export"), "", "0.1.0", "folder below output.directory for the states as CSV"},

      {"stages", "pretrain", "targets", either({choice({"ed"}), section("targets")}), value("ed"), "", "0.1.0",
       "states to learn: exact diagonalisation, or {files: [...]}"},
      {"stages", "pretrain", "steps", integer(0, 1LL << 40), value("300"), "steps", "0.1.0", "parameter updates, at most"},
      {"stages", "vmc", "steps", integer(0, 1LL << 40), required("300"), "steps", "0.1.0", "parameter updates"},
      {"stages", "pretrain vmc", "optimizer", section("optimizer"), required("{kind: minsr, lr: 0.02}"), "", "0.1.0", "how parameters are updated"},
      {"stages", "pretrain vmc", "keep", choice({"best", "last"}), value("best"), "", "0.2.0",
       "parameters that later stages and the results take: the best of the stage within errors, or those of its last step"},
      {"stages", "pretrain", "stop", section("stop"), value("{}"), "", "0.1.0", "when to stop before all steps are done"},
      {"stages", "pretrain", "rows", either({choice({"full"}), integer(1, 1LL << 40)}), value("full"), "configurations per Hamiltonian", "0.1.0",
       "basis states per step: all of them, or this many, drawn by the weights of the network and the target"},
      {"stages", "pretrain", "power", number({0, 2, true, false, 0}), absent("2.0, and nothing when rows is full"), "", "0.1.0",
       "rows are drawn from ((|psi|^2 + |target|^2)/2)^(power/2), and weighted exactly"},
      {"stages", "pretrain", "held_out", values(), absent("none"), "", "0.1.0",
       "coupling values left out of the training but measured, e.g. {V: [3.0]}"},
      {"stages", "pretrain", "evaluate_every", integer(1, 1LL << 40), value("10"), "steps", "0.1.0",
       "steps between measurements of the full overlap"},

      {"stages", sampling_kinds, "sampler", overriding("sampler"), absent("the global sampler"), "", "0.1.0",
       "keys that differ from the global sampler in this stage"},
      {"stages", "evaluate", "observables", observables(), value("[energy]"), "", "0.1.0", "what to measure"},
      {"stages", "evaluate", "compare", choice({"none", "ed"}), value("none"), "", "0.1.0",
       "put exact values beside the measured ones: energy, and every observable as its mean over the exact ground level"},

      {"stop", "", "overlap", number({0, 1, true, false, 0}), absent("no early stop"), "", "0.1.0",
       "stop when the mean overlap |<psi|phi>| of the training problems reaches this"},

      {"targets", "", "files", list(text(), 1), required("[../ED_data/a.csv]"), "", "0.1.0",
       "state files, relative to the input file, one per Hamiltonian"},
  };
}

}  // namespace qs::input

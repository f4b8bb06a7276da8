#include "engine/plan/vocabulary.h"

#include "engine/optimize/optimizer_entry.h"
#include "engine/sampling/sampler_entry.h"
#include "hamiltonians/lattice_input.h"
#include "hamiltonians/registry.h"
#include "hamiltonians/sector_input.h"
#include "hamiltonians/symmetry/symmetry_input.h"

namespace qs {
namespace {

using namespace shape;

template <class Entry>
std::vector<Variant> variants(std::span<const Entry> entries) {
  std::vector<Variant> out;
  for (const Entry& entry : entries) out.push_back({entry.name, entry.text, entry.options.list()});
  return out;
}

Option option(std::string name, Shape form, Default otherwise, std::string doc, std::string unit = "") {
  return {std::move(name), std::move(form), std::move(otherwise), std::move(unit), "0.1.0", std::move(doc)};
}

// A section without variants.
std::vector<Variant> plain(std::vector<Option> options) { return {{"", "", std::move(options)}}; }

Variant hamiltonian(const ModelEntry& model) {
  Variant variant{model.kind, model.doc, {}};
  for (const CouplingEntry& coupling : model.couplings)
    variant.options.push_back(option(coupling.name, either({number(), list(number(), 1)}), value(format_number(coupling.default_value)),
                                     coupling.doc + "; a list of numbers trains or evaluates all of them together, like 'family'", "energy"));
  for (Option& extra : model.options.list()) variant.options.push_back(std::move(extra));
  return variant;
}

void add_system(input::Schema& schema) {
  schema.add("system",
             plain({option("lattice", section("system.lattice"), required(""), "sites and bonds"),
                    option("sector", section("system.sector"), required(""), "local basis and conserved numbers"),
                    option("hamiltonian", section("system.hamiltonian"), required(""), "model and its couplings"),
                    option("family", family(), absent("a single Hamiltonian"),
                           "couplings that one network serves together: {V: [0.0, 1.0]}, several lists mean all combinations, the last varies "
                           "fastest; or {names: [particles, V], rows: [[1, 0.0], [2, 1.0]]}")}));
  schema.add("systems", plain({option("lattice", overriding("system.lattice"), absent("system.lattice"), "keys that differ from system.lattice"),
                               option("sector", overriding("system.sector"), absent("system.sector"), "keys that differ from system.sector")}));
  std::vector<Variant> lattices;
  for (const LatticeKind& kind : lattice_kinds()) lattices.push_back({kind.name, kind.text, lattice_options(kind).list()});
  schema.add("system.lattice", lattices);
  schema.add("system.sector", variants(sector_kinds()));
  std::vector<Variant> hamiltonians;
  for (const ModelEntry& model : models()) hamiltonians.push_back(hamiltonian(model));
  schema.add("system.hamiltonian", hamiltonians);
  schema.add("term", plain(term_options().list()));
  schema.add("cosine", plain(cosine_options().list()));
  schema.add("plane_wave", plain(plane_wave_options().list()));
  schema.add("random", plain(random_field_options().list()));
  schema.add("symmetry", plain(symmetry_options().list()));
  schema.add("permutation", plain(permutation_options().list()));
}

void add_network(input::Schema& schema) {
  std::vector<Variant> networks;
  for (const WavefunctionEntry* entry : wavefunctions()) {
    networks.push_back({entry->name, entry->text, entry->keys});
    networks.back().options.push_back(option("weights", text(), absent("random start"),
                                             "file of initial weights, relative to the input file; sizes that are not given are read from it"));
  }
  schema.add("wavefunction", networks);
}

void add_stages(input::Schema& schema) {
  const Option own_family = option("family", family(), absent("system.family"), "the family of this stage, in place of system.family");
  Option own_symmetry = option("symmetry", section("symmetry"), absent("that of the stage before; of the first stage, the one of the run"),
                               "irrep from this stage on, in place of the last one, all of whose keys are forgotten; {}: none. Parameters are "
                               "carried over, chains start anew");
  own_symmetry.since = "0.2.0";
  Option own_systems =
      option("systems", list(section("systems"), 1), absent("the systems of the run"), "lattices of this stage, in place of those of the run");
  own_systems.since = "0.3.0";
  std::vector<Variant> kinds;
  for (const StageEntry& stage : stages()) {
    kinds.push_back({stage.name, stage.text, stage.keys});
    kinds.back().options.insert(kinds.back().options.begin(), {own_systems, own_family, own_symmetry});
    for (const auto& [name, keys] : stage.sections) schema.add(name, plain(keys));
  }
  schema.add("stages", kinds);
  for (const StageEntry& stage : stages()) schema.need("stages", stage.name, stage.needs);
}

input::Schema collect() {
  input::Schema schema;
  schema.add("", plain(run_options().list()));
  schema.add("precision", plain(precision_options().list()));
  schema.add("output", plain(output_options().list()));
  schema.add("limits", plain(limits_options().list()));
  schema.add("checkpoint", plain(checkpoint_options().list()));
  schema.add("log", plain(log_options().list()));
  add_system(schema);
  add_network(schema);
  schema.add("sampler", {{"metropolis", "Markov chains", metropolis_options().list()},
                         {"exact_sum", "all basis states with their exact weight; small sectors only", {}}});
  schema.add("moves", variants(moves()));
  schema.add("optimizer", variants(optimizers()));
  schema.add("schedule", plain(schedule_options().list()));
  add_stages(schema);
  return schema;
}

}  // namespace

const input::Schema& vocabulary() {
  static const input::Schema schema = collect();
  return schema;
}

}  // namespace qs

#include "engine/input/schema.h"

#include <algorithm>
#include <sstream>

namespace qs::input {

namespace shape {

Shape integer(double low, double high) { return {.type = Type::integer, .range = {low, high, false, false, 0}}; }
Shape number(Range range) { return {.type = Type::number, .range = range}; }
Shape flag() { return {.type = Type::flag}; }
Shape text() { return {.type = Type::text}; }
Shape folder() { return {.type = Type::folder}; }
Shape choice(std::vector<std::string> words) { return {.type = Type::choice, .words = std::move(words)}; }
Shape duration() { return {.type = Type::duration}; }
Shape size() { return {.type = Type::size}; }
Shape list(Shape item, std::size_t min_items, std::size_t max_items) {
  return {.type = Type::list, .parts = {std::move(item)}, .min_items = min_items, .max_items = max_items};
}
Shape set(Shape item, std::size_t min_items) {
  Shape out = list(std::move(item), min_items);
  out.unique = true;
  return out;
}
Shape section(std::string name) { return {.type = Type::section, .name = std::move(name)}; }
Shape overriding(std::string name) { return {.type = Type::section, .name = std::move(name), .overrides = true}; }
Shape family() { return {.type = Type::family}; }
Shape values() { return {.type = Type::values}; }
Shape either(std::vector<Shape> parts) { return {.type = Type::either, .parts = std::move(parts)}; }
Range at_least(double low) { return {.low = low}; }
Range above(double low) { return {.low = low, .low_open = true}; }
Range between(double low, double high) { return {.low = low, .high = high}; }

}  // namespace shape

Default required(std::string example) { return {Default::Kind::required, std::move(example)}; }
Default value(std::string yaml) { return {Default::Kind::value, std::move(yaml)}; }
Default absent(std::string meaning) { return {Default::Kind::absent, std::move(meaning)}; }

std::span<const Kind> kinds() {
  static const std::vector<Kind> table = {
      {"system.lattice", "chain", "a ring or an open chain"},
      {"system.lattice", "square", "square lattice"},
      {"system.lattice", "triangular", "triangular lattice"},
      {"system.lattice", "honeycomb", "honeycomb lattice, two sites per cell"},
      {"system.lattice", "kagome", "kagome lattice, three sites per cell"},
      {"system.sector", "spin_half", "one spin 1/2 per site"},
      {"system.sector", "spinless_fermions", "at most one fermion per site"},
      {"system.sector", "spinful_fermions", "up and down fermions"},
      {"system.hamiltonian", "tv", "spinless fermions with nearest-neighbour repulsion"},
      {"system.hamiltonian", "hubbard", "spinful fermions with on-site repulsion"},
      {"system.hamiltonian", "heisenberg", "J1 S.S + J2 S.S + J3 S.S on three shells"},
      {"system.hamiltonian", "xxz", "anisotropic Heisenberg model"},
      {"system.hamiltonian", "tfim", "transverse-field Ising model, Pauli matrices"},
      {"system.hamiltonian", "shastry_sutherland", "square bonds and alternate diagonals"},
      {"system.hamiltonian", "haldane_shastry", "inverse-square exchange on a ring"},
      {"wavefunction", "qstage", "transformer with parameter and tail tokens"},
      {"wavefunction", "rbm", "restricted Boltzmann machine"},
      {"wavefunction", "vit", "vision transformer with factored attention"},
      {"sampler", "metropolis", "Markov chains"},
      {"sampler", "exact_sum", "all basis states with their exact weight; small sectors only"},
      {"moves", "exchange", "exchange two unequal spins or site occupations"},
      {"moves", "flip", "flip one spin"},
      {"moves", "hop", "move one fermion"},
      {"optimizer", "adamw", "Adam with decoupled weight decay"},
      {"optimizer", "muon", "orthogonalised momentum for weight matrices, Adam for the rest"},
      {"optimizer", "sr", "stochastic reconfiguration in parameter space"},
      {"optimizer", "minsr", "stochastic reconfiguration in sample space"},
      {"optimizer", "natural", "sr or minsr, whichever system is smaller"},
      {"stages", "ed", "exact diagonalisation of every Hamiltonian of the family"},
      {"stages", "pretrain", "supervised training on known states"},
      {"stages", "vmc", "energy minimisation by sampling"},
      {"stages", "evaluate", "energies and observables of the trained network"},
  };
  return table;
}

namespace {

std::vector<Key> all_rows() {
  std::vector<Key> rows;
  for (const char* const section :
       {"system.lattice", "system.sector", "system.hamiltonian", "wavefunction", "sampler", "moves", "optimizer", "stages"}) {
    std::vector<std::string> words = kinds_of(section);
    const std::string first = words.front();
    rows.push_back(
        {section, "", "kind", shape::choice(std::move(words)), required(first), "", "0.1.0", "the variant; the keys beside it belong to it"});
  }
  for (std::vector<Key> (*part)() : {run_keys, system_keys, model_keys, stage_keys})
    for (Key& key : part()) rows.push_back(std::move(key));
  return rows;
}

void walk(const Shape& shape, const std::string& path, std::vector<NamedKey>& out);

void walk_section(const std::string& section, const std::string& path, std::vector<NamedKey>& out) {
  for (const Key& key : keys()) {
    if (key.section != section) continue;
    const std::string name = path.empty() ? key.name : path + "." + key.name;
    out.push_back({name, &key});
    walk(key.shape, name, out);
  }
}

void walk(const Shape& shape, const std::string& path, std::vector<NamedKey>& out) {
  if (shape.type == Type::section) walk_section(shape.name, path, out);
  for (const Shape& part : shape.parts) walk(part, path, out);
}

}  // namespace

std::span<const Key> keys() {
  static const std::vector<Key> table = all_rows();
  return table;
}

bool applies(const Key& key, const std::string& kind) {
  if (key.kinds.empty() || kind.empty()) return true;
  std::istringstream words(key.kinds);
  for (std::string word; words >> word;)
    if (word == kind) return true;
  return false;
}

std::vector<const Key*> keys_of(const std::string& section, const std::string& kind) {
  std::vector<const Key*> out;
  for (const Key& key : keys()) {
    if (key.section != section || !applies(key, kind)) continue;
    if (std::none_of(out.begin(), out.end(), [&](const Key* other) { return other->name == key.name; })) out.push_back(&key);
  }
  return out;
}

std::vector<Kind> kinds_of_section(const std::string& section) {
  std::vector<Kind> out;
  for (const Kind& kind : kinds())
    if (kind.section == section) out.push_back(kind);
  return out;
}

std::vector<std::string> kinds_of(const std::string& section) {
  std::vector<std::string> out;
  for (const Kind& kind : kinds_of_section(section)) out.push_back(kind.name);
  return out;
}

std::vector<std::string> kinds_with(const std::string& section, const std::string& name) {
  std::vector<std::string> out;
  for (const std::string& kind : kinds_of(section))
    for (const Key* key : keys_of(section, kind))
      if (key->name == name) out.push_back(kind);
  return out;
}

std::vector<std::string> names_of(std::span<const Key* const> rows) {
  std::vector<std::string> out;
  for (const Key* key : rows) out.push_back(key->name);
  return out;
}

std::vector<std::string> couplings_of(const std::string& hamiltonian) {
  std::vector<std::string> out;
  for (const Key* key : keys_of("system.hamiltonian", hamiltonian))
    if (key->shape.type == Type::either) out.push_back(key->name);
  return out;
}

std::vector<NamedKey> named_keys() {
  std::vector<NamedKey> out;
  walk_section("", "", out);
  return out;
}

}  // namespace qs::input

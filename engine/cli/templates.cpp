#include "engine/cli/templates.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/input/input.h"
#include "engine/plan/plan.h"
#include "engine/plan/vocabulary.h"
#include "hamiltonians/registry.h"

namespace qs {
namespace {

constexpr int most_sites = 1024;          // larger inputs are written by hand
constexpr double most_compared = 200000;  // states: exact energies in seconds
constexpr double most_summed = 13000;     // states: an optimizer step over all of them in a fraction of a second

// How a network of a small sector gets to the ground state. From random numbers by energy alone where a rotation of the basis makes the ground state
// positive; where it has signs to learn, from the exact state, a thousand cheap steps in a second, and only then by energy.
enum class Start { random, exact_state };

struct Template {
  std::string model, size;
  std::string chain, plane;  // lattices of one and two axes; "" = the model has none
  std::string hamiltonian, move, observables;
  Start start;
  double rate;               // of the energy steps of a small sector: below 1/(E_max - E_0)
  std::string small, large;  // networks for a sector that is summed and for one that is sampled
};

const char* const attention = "{kind: vit, layers: 2, d_model: 32, heads: 4}";
const char* const boltzmann = "{kind: rbm, alpha: 2}";
const char* const positive = "{kind: rbm, alpha: 2, dtype: real}";
const char* const fermions_in_v =
    "{kind: qstage, depth: 2, d_model: 8, heads: 4, mlp: 16, tail: [t, V, N], amplitude: determinant, attention: factored, pooling: sum}";
const char* const fermions_in_u =
    "{kind: qstage, depth: 2, d_model: 12, heads: 4, mlp: 24, tail: [t, U, N], amplitude: determinant, attention: factored, pooling: sum}";

const std::vector<Template>& templates() {
  using enum Start;
  static const std::vector<Template> table = {
      {"heisenberg", "4x4", "chain", "square", "J1: 1.0, marshall_sign: true", "exchange", "energy, spin_spin", random, 0.05,
       "{kind: rbm, alpha: 4, dtype: real}", attention},
      {"xxz", "16", "chain", "square", "J: 1.0, Delta: 0.5, marshall_sign: true", "exchange", "energy, sz_sz", random, 0.05, positive, boltzmann},
      {"tfim", "12", "chain", "square", "J: 1.0, Gamma: 1.0", "flip", "energy, sz_sz", random, 0.02, positive, boltzmann},
      {"shastry_sutherland", "4x4", "", "square", "Js: 0.8, Jd: 1.0", "exchange", "energy, structure_factor", exact_state, 0, attention, attention},
      {"terms", "12", "chain", "square",
       "marshall_sign: true, couplings: {J: 1.0, h: 0.5}, terms: [{expression: S.S, shell: 1, coupling: J}, {expression: Sz, sites: all, coupling: "
       "h, "
       "value: -1.0}]",
       "exchange", "energy, sz_sz", random, 0.05, positive, boltzmann},
      {"haldane_shastry", "16", "chain", "", "J: 1.0, marshall_sign: true", "exchange", "energy, spin_spin", random, 0.05, positive, boltzmann},
      {"tv", "12", "chain", "square", "t: 1.0, V: [0.0, 1.0, 2.0, 4.0], delta: 0.1", "hop", "energy, density_density", exact_state, 0, fermions_in_v,
       fermions_in_v},
      {"hubbard", "4x2", "chain", "square", "t: 1.0, U: 4.0", "hop", "energy, double_occupancy", exact_state, 0, fermions_in_u, fermions_in_u},
  };
  return table;
}

// Of a model without a row of its own: a ring with its usual couplings, and a network that can have any sign.
Template plain_template(const ModelEntry& model) {
  std::vector<std::string> couplings;
  for (const CouplingEntry& coupling : model.couplings) couplings.push_back(coupling.name + ": " + format_number(coupling.default_value));
  Template entry{model.kind, "12", "chain", "square", joined(couplings), "hop", "energy", Start::exact_state, 0, boltzmann, boltzmann};
  if (model.sector == SectorKind::spin_half) {
    entry.move = model.spin_number == SpinNumber::conserved ? "exchange" : "flip";
    entry.observables = "energy, sz_sz";
  } else if (model.sector == SectorKind::spinful_fermions) {
    entry.size = "6";  // 400 states
  }
  return entry;
}

Template find_template(const std::string& model) {
  std::vector<std::string> known;
  for (const Template& entry : templates()) {
    if (entry.model == model) return entry;
  }
  for (const ModelEntry& entry : models()) {
    if (entry.kind == model) return plain_template(entry);
    known.push_back(entry.kind);
  }
  const std::string close = input::suggest(model, known);
  throw InputError(
      fmt::format("model '{}' is not known ({}known: {})", model, close.empty() ? "" : "did you mean '" + close + "'? ", fmt::join(known, ", ")));
}

[[noreturn]] void refuse_size(const std::string& size, const Template& entry, const std::string& why) {
  throw InputError(fmt::format("--size {} does not fit {} ({}); take for example --size {}", size, entry.model, why, entry.size));
}

std::vector<int> axes_of(const std::string& size, const Template& entry) {
  std::vector<int> axes;
  for (std::size_t begin = 0; begin <= size.size();) {
    const std::size_t end = std::min(size.find('x', begin), size.size());
    const std::string word = size.substr(begin, end - begin);
    if (word.empty() || word.size() > 4 || word.find_first_not_of("0123456789") != std::string::npos)
      refuse_size(size, entry, "a size is one number of cells per axis, joined by x");
    axes.push_back(std::stoi(word));
    begin = end + 1;
  }
  return axes;
}

std::string lattice_of(const std::vector<int>& axes, const std::string& size, const Template& entry) {
  const std::string lattice = axes.size() == 1 ? entry.chain : axes.size() == 2 ? entry.plane : "";
  if (lattice.empty()) {
    const std::string takes = entry.chain.empty() ? "two axes" : entry.plane.empty() ? "one axis" : "one or two axes";
    refuse_size(size, entry,
                fmt::format("it has {}, the template takes {}", axes.size() == 1 ? "one axis" : fmt::format("{} axes", axes.size()), takes));
  }
  return lattice;
}

// Spins without magnetisation, fermions at half filling.
SectorOptions sector_of(const ModelEntry& model, int sites) {
  if (model.sector == SectorKind::spinful_fermions) return {*model.sector, sites, sites / 2, sites / 2};
  return {model.sector.value_or(SectorKind::spin_half), sites, model.spin_number == SpinNumber::conserved ? sites / 2 : -1, -1};
}

std::string sector_text(const SectorOptions& sector) {
  if (sector.kind == SectorKind::spinful_fermions) return fmt::format("{{kind: spinful_fermions, up: {}, down: {}}}", sector.up, sector.down);
  if (sector.kind == SectorKind::spinless_fermions) return fmt::format("{{kind: spinless_fermions, particles: {}}}", sector.up);
  return sector.up < 0 ? "{kind: spin_half}" : "{kind: spin_half, total_sz: 0}";
}

// The learning of a small sector, on all its states.
std::string summed_training(const Template& entry) {
  if (entry.start == Start::random)
    return fmt::format("  - {{kind: vmc, steps: 100, optimizer: {{kind: natural, lr: {}, diag_shift: {{from: 1.0e-2, to: 1.0e-4, steps: 60}}}}}}\n",
                       entry.rate);
  return "  - {kind: pretrain, targets: ed, steps: 4000, rows: 256, evaluate_every: 500, optimizer: {kind: muon, lr: {from: 1.0e-2, to: 5.0e-4, "
         "steps: 4000}}}\n"
         "  - {kind: vmc, steps: 20, optimizer: {kind: muon, lr: {from: 1.0e-3, to: 1.0e-4, steps: 20}}}\n";
}

// From the wavefunction on. Small sectors are summed, in float32, which is precise enough for the energies compared here and twice as fast.
std::string summed(const Template& entry) {
  return fmt::format("precision: {{network: float32}}\nwavefunction: {}\nsampler: {{kind: exact_sum}}\nstages:\n{}", entry.small,
                     summed_training(entry)) +
         fmt::format("  - {{kind: evaluate, observables: [{}, overlap], compare: ed}}\n", entry.observables);
}

std::string sampled(const Template& entry, double states) {
  return fmt::format("wavefunction: {}\nsampler: {{kind: metropolis, move: {{kind: {}}}, chains: 256, samples: 1024}}\nstages:\n", entry.large,
                     entry.move) +
         "  - {kind: vmc, steps: 300, optimizer: {kind: natural, lr: 0.02, diag_shift: {from: 1.0e-2, to: 1.0e-4, steps: 100}}}\n" +
         fmt::format("  - {{kind: evaluate, sampler: {{samples: 16384}}, observables: [{}]{}}}\n", entry.observables,
                     states <= most_compared ? ", compare: ed" : "");
}

}  // namespace

std::string template_input(const std::string& name, const std::string& wanted) {
  const Template entry = find_template(name);
  const ModelEntry& model = find_model(name);
  const std::string size = wanted.empty() ? entry.size : wanted;
  const std::vector<int> axes = axes_of(size, entry);
  const std::string lattice = lattice_of(axes, size, entry);
  double sites = 1;
  for (const int length : axes) sites *= length;
  if (sites < 2 || sites > most_sites) refuse_size(size, entry, fmt::format("it has {:.0f} sites, a template 2 to {}", sites, most_sites));
  const SectorOptions sector = sector_of(model, static_cast<int>(sites));
  const double states = std::exp(Sector(sector).log_dimension());

  const std::string text =
      fmt::format("# qstage-vmc new {0} --size {1}; 'qstage-vmc --dump-default' shows every key\nformat: 1\ntitle: {0}, {2} {1}\n", name, size,
                  lattice) +
      fmt::format("output: {{directory: runs/{}_{}}}\nsystem:\n", name, size) +
      fmt::format("  lattice: {{kind: {}, size: [{}], periodic: true}}\n", lattice, fmt::join(axes, ", ")) +
      fmt::format("  sector: {}\n  hamiltonian: {{kind: {}, {}}}\n", sector_text(sector), name, entry.hamiltonian) +
      (states <= most_summed ? summed(entry) : sampled(entry, states));

  // The planner knows best which lattices a model, a sign rule or a network can have.
  input::Diagnostics diagnostics;
  const input::Document document = input::load_text(vocabulary(), text, "template", {}, diagnostics);
  if (!diagnostics.has_errors()) make_plan(document, diagnostics);
  if (diagnostics.has_errors()) refuse_size(size, entry, diagnostics.errors().front().message);
  return text;
}

}  // namespace qs

#include "engine/cli/templates.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/input/input.h"
#include "engine/run/plan.h"
#include "hamiltonians/registry.h"
#include "kernels/api/error.h"

namespace qs {
namespace {

constexpr int most_sites = 1024;           // larger inputs are written by hand
constexpr double most_compared = 200000;   // states: exact energies in seconds
constexpr double most_supervised = 20000;  // states: a natural-gradient step over all of them in well under a second

struct Template {
  std::string model, size;
  std::string chain, plane;  // lattices of one and two axes; "" = the model has none
  std::string hamiltonian, wavefunction, move, observables;
};

const char* const attention = "{kind: vit, layers: 2, d_model: 32, heads: 4}";
const char* const boltzmann = "{kind: rbm, alpha: 2}";

const std::vector<Template>& templates() {
  static const std::vector<Template> table = {
      {"heisenberg", "4x4", "chain", "square", "J1: 1.0, marshall_sign: true", attention, "exchange", "energy, spin_spin"},
      {"xxz", "16", "chain", "square", "J: 1.0, Delta: 0.5, marshall_sign: true", boltzmann, "exchange", "energy, sz_sz"},
      {"tfim", "16", "chain", "square", "J: 1.0, Gamma: 1.0", boltzmann, "flip", "energy, sz_sz"},
      {"shastry_sutherland", "4x4", "", "square", "Js: 0.8, Jd: 1.0", attention, "exchange", "energy, structure_factor"},
      {"haldane_shastry", "16", "chain", "", "J: 1.0, marshall_sign: true", boltzmann, "exchange", "energy, spin_spin"},
      {"tv", "12", "chain", "square", "t: 1.0, V: [0.0, 1.0, 2.0, 4.0], delta: 0.1",
       "{kind: qstage, depth: 2, d_model: 16, heads: 4, mlp: 16, tail: [t, V, N]}", "hop", "energy, density_density"},
      {"hubbard", "4x2", "chain", "square", "t: 1.0, U: 4.0",
       "{kind: qstage, depth: 2, d_model: 16, heads: 4, mlp: 32, tail: [t, U, N], amplitude: determinant}", "hop", "energy, double_occupancy"},
  };
  return table;
}

const Template& find_template(const std::string& model) {
  std::vector<std::string> known;
  for (const Template& entry : templates()) {
    if (entry.model == model) return entry;
    known.push_back(entry.model);
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
  if (model.sector == SectorKind::spinful_fermions) return {model.sector, sites, sites / 2, sites / 2};
  return {model.sector, sites, model.spin_number == SpinNumber::conserved ? sites / 2 : -1, -1};
}

std::string sector_text(const SectorOptions& sector) {
  if (sector.kind == SectorKind::spinful_fermions) return fmt::format("{{kind: spinful_fermions, up: {}, down: {}}}", sector.up, sector.down);
  if (sector.kind == SectorKind::spinless_fermions) return fmt::format("{{kind: spinless_fermions, particles: {}}}", sector.up);
  return sector.up < 0 ? "{kind: spin_half}" : "{kind: spin_half, total_sz: 0}";
}

// Small sectors are compared with exact states; there fermions also start from them.
std::string stages_text(const Template& entry, const SectorOptions& sector) {
  const double states = std::exp(Sector(sector).log_dimension());
  std::string text;
  if (sector.kind != SectorKind::spin_half && states <= most_supervised)
    text += "  - {kind: pretrain, targets: ed, steps: 600, rows: 128, optimizer: {kind: muon, lr: {from: 1.0e-2, to: 5.0e-4, steps: 600}}}\n";
  text += "  - {kind: vmc, steps: 300, optimizer: {kind: natural, lr: 0.02, diag_shift: {from: 1.0e-2, to: 1.0e-4, steps: 100}}}\n";
  return text + fmt::format("  - {{kind: evaluate, sampler: {{samples: 16384}}, observables: [{}]{}}}\n", entry.observables,
                            states <= most_compared ? ", compare: ed" : "");
}

}  // namespace

std::string template_input(const std::string& name, const std::string& wanted) {
  const Template& entry = find_template(name);
  const ModelEntry& model = find_model(name);
  const std::string size = wanted.empty() ? entry.size : wanted;
  const std::vector<int> axes = axes_of(size, entry);
  const std::string lattice = lattice_of(axes, size, entry);
  double sites = 1;
  for (const int length : axes) sites *= length;
  if (sites < 2 || sites > most_sites) refuse_size(size, entry, fmt::format("it has {:.0f} sites, a template 2 to {}", sites, most_sites));
  const SectorOptions sector = sector_of(model, static_cast<int>(sites));

  const std::string text =
      fmt::format("# qstage-vmc new {0} --size {1}; 'qstage-vmc --dump-default' shows every key\nformat: 1\ntitle: {0}, {2} {1}\n", name, size,
                  lattice) +
      fmt::format("output: {{directory: runs/{}_{}}}\nsystem:\n", name, size) +
      fmt::format("  lattice: {{kind: {}, size: [{}], periodic: true}}\n", lattice, fmt::join(axes, ", ")) +
      fmt::format("  sector: {}\n  hamiltonian: {{kind: {}, {}}}\n", sector_text(sector), name, entry.hamiltonian) +
      fmt::format("wavefunction: {}\n", entry.wavefunction) +
      fmt::format("sampler: {{kind: metropolis, move: {{kind: {}}}, chains: 256, samples: 1024}}\nstages:\n", entry.move) +
      stages_text(entry, sector);

  // The planner knows best which lattices a model, a sign rule or a network can have.
  input::Diagnostics diagnostics;
  const input::Document document = input::load_text(text, "template", {}, diagnostics);
  if (!diagnostics.has_errors()) make_plan(document, diagnostics);
  if (diagnostics.has_errors()) refuse_size(size, entry, diagnostics.errors().front().message);
  return text;
}

}  // namespace qs

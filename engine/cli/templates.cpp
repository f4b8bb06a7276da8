#include "engine/cli/templates.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/input/input.h"
#include "engine/plan/plan.h"
#include "engine/wavefunctions/registry.h"
#include "hamiltonians/lattice_kinds.h"
#include "hamiltonians/registry.h"
#include "hamiltonians/sector_input.h"

namespace qs {
namespace {

constexpr int most_sites = 1024;          // larger inputs are written by hand
constexpr double most_compared = 200000;  // states: exact energies in seconds
constexpr double most_summed = 13000;     // states: an optimizer step over all of them in a fraction of a second

const ModelEntry& find_template(const std::string& model) {
  std::vector<std::string> known;
  for (const ModelEntry& entry : models()) {
    if (entry.kind == model) return entry;
    known.push_back(entry.kind);
  }
  const std::string close = input::suggest(model, known);
  throw InputError(
      fmt::format("model '{}' is not known ({}known: {})", model, close.empty() ? "" : "did you mean '" + close + "'? ", fmt::join(known, ", ")));
}

bool has_fermions(const ModelEntry& model) { return model.sector.value_or(SectorKind::spin_half) != SectorKind::spin_half; }

[[noreturn]] void refuse_size(const std::string& size, const ModelEntry& model, const std::string& why) {
  throw InputError(fmt::format("--size {} does not fit {} ({}); take for example --size {}", size, model.kind, why, model.start.size));
}

std::vector<int> axes_of(const std::string& size, const ModelEntry& model) {
  std::vector<int> axes;
  for (std::size_t begin = 0; begin <= size.size();) {
    const std::size_t end = std::min(size.find('x', begin), size.size());
    const std::string word = size.substr(begin, end - begin);
    if (word.empty() || word.size() > 4 || word.find_first_not_of("0123456789") != std::string::npos)
      refuse_size(size, model, "a size is one number of cells per axis, joined by x");
    axes.push_back(std::stoi(word));
    begin = end + 1;
  }
  return axes;
}

// The usual lattice of so many axes.
std::string lattice_of(const std::vector<int>& axes, const std::string& size, const ModelEntry& model) {
  const StartingPoint& start = model.start;
  const int count = static_cast<int>(axes.size());
  if (count < start.least_axes || count > start.most_axes) {
    const std::string takes = start.least_axes == 2 ? "two axes" : start.most_axes == 1 ? "one axis" : "one or two axes";
    refuse_size(size, model, fmt::format("it has {}, the template takes {}", count == 1 ? "one axis" : fmt::format("{} axes", count), takes));
  }
  const std::span<const LatticeKind> kinds = lattice_kinds();
  return std::find_if(kinds.begin(), kinds.end(), [&](const LatticeKind& kind) { return kind.cell.axes() == count; })->name;
}

// Spins without magnetisation, fermions at half filling.
SectorOptions sector_of(const ModelEntry& model, int sites) {
  if (model.sector == SectorKind::spinful_fermions) return {*model.sector, sites, sites / 2, sites / 2};
  return {model.sector.value_or(SectorKind::spin_half), sites, model.spin_number == SpinNumber::conserved ? sites / 2 : -1, -1};
}

// Of the first kind of wavefunction that plays the role.
std::string network_for(NetworkRole role, const ModelEntry& model) {
  std::vector<std::string> reads;
  for (const CouplingEntry& coupling : model.couplings) {
    if (coupling.role == CouplingRole::physics) reads.push_back(coupling.name);
  }
  if (has_fermions(model)) reads.emplace_back("N");
  for (const WavefunctionEntry* entry : wavefunctions()) {
    if (entry->starts.contains(role))
      return fmt::format("{{kind: {}, {}}}", entry->name, fmt::format(fmt::runtime(entry->starts.at(role)), joined(reads)));
  }
  throw Error(ExitCode::internal, "no wavefunction plays the role that a model asks for");
}

// The learning of a small sector, on all its states.
std::string summed_training(double rate) {
  if (rate > 0)
    return fmt::format("  - {{kind: vmc, steps: 100, optimizer: {{kind: natural, lr: {}, diag_shift: {{from: 1.0e-2, to: 1.0e-4, steps: 60}}}}}}\n",
                       rate);
  return "  - {kind: pretrain, targets: ed, steps: 4000, rows: 256, evaluate_every: 500, optimizer: {kind: muon, lr: {from: 1.0e-2, to: 5.0e-4, "
         "steps: 4000}}}\n"
         "  - {kind: vmc, steps: 20, optimizer: {kind: muon, lr: {from: 1.0e-3, to: 1.0e-4, steps: 20}}}\n";
}

// From the wavefunction on. Small sectors are summed, in float32, which is precise enough for the energies compared here and twice as fast.
std::string summed(const ModelEntry& model) {
  return fmt::format("precision: {{network: float32}}\nwavefunction: {}\nsampler: {{kind: exact_sum}}\nstages:\n{}",
                     network_for(model.start.small, model), summed_training(model.start.rate)) +
         fmt::format("  - {{kind: evaluate, observables: [{}, overlap], compare: ed}}\n", model.start.observables);
}

std::string sampled(const ModelEntry& model, double states) {
  const char* const move = has_fermions(model) ? "hop" : model.spin_number == SpinNumber::conserved ? "exchange" : "flip";
  return fmt::format("wavefunction: {}\nsampler: {{kind: metropolis, move: {{kind: {}}}, chains: 256, samples: 1024}}\nstages:\n",
                     network_for(model.start.large, model), move) +
         "  - {kind: vmc, steps: 300, optimizer: {kind: natural, lr: 0.02, diag_shift: {from: 1.0e-2, to: 1.0e-4, steps: 100}}}\n" +
         fmt::format("  - {{kind: evaluate, sampler: {{samples: 16384}}, observables: [{}]{}}}\n", model.start.observables,
                     states <= most_compared ? ", compare: ed" : "");
}

std::string hamiltonian_of(const ModelEntry& model) {
  if (!model.start.hamiltonian.empty()) return model.start.hamiltonian;
  std::vector<std::string> couplings;
  for (const CouplingEntry& coupling : model.couplings) couplings.push_back(coupling.name + ": " + format_number(coupling.default_value));
  return joined(couplings);
}

}  // namespace

std::string template_input(const std::string& name, const std::string& wanted) {
  const ModelEntry& model = find_template(name);
  const std::string size = wanted.empty() ? model.start.size : wanted;
  const std::vector<int> axes = axes_of(size, model);
  const std::string lattice = lattice_of(axes, size, model);
  double sites = 1;
  for (const int length : axes) sites *= length;
  if (sites < 2 || sites > most_sites) refuse_size(size, model, fmt::format("it has {:.0f} sites, a template 2 to {}", sites, most_sites));
  const SectorOptions sector = sector_of(model, static_cast<int>(sites));
  const double states = std::exp(Sector(sector).log_dimension());

  const std::string text =
      fmt::format("# qstage-vmc new {0} --size {1}; 'qstage-vmc --dump-default' shows every key\nformat: 1\ntitle: {0}, {2} {1}\n", name, size,
                  lattice) +
      fmt::format("output: {{directory: runs/{}_{}}}\nsystem:\n", name, size) +
      fmt::format("  lattice: {{kind: {}, size: [{}], periodic: true}}\n", lattice, fmt::join(axes, ", ")) +
      fmt::format("  sector: {}\n  hamiltonian: {{kind: {}, {}}}\n", print_sector(sector), name, hamiltonian_of(model)) +
      (states <= most_summed ? summed(model) : sampled(model, states));

  // The planner knows best which lattices a model, a sign rule or a network can have.
  const std::string refusal = first_refusal(text, "template");
  if (!refusal.empty()) refuse_size(size, model, refusal);
  return text;
}

}  // namespace qs

// Spinless fermions: H = -t sum_{nn} (c+_i c_j + h.c.) + V sum_{nn} n_i n_j + sum_i eps_i n_i. The site energies eps_i are `delta`
// times a pattern; a hop across an antiperiodic seam carries -1.
#include <fmt/format.h>

#include <vector>

#include "engine/base/error.h"
#include "hamiltonians/models/models.h"

namespace qs {

namespace {

// 0 (even) or 1 (odd) per site.
std::vector<int> sublattices(const Lattice& lattice) {
  std::vector<int> parity = lattice.sublattices();
  if (parity.empty()) {
    throw InputError(fmt::format("system.hamiltonian.delta pins one of two sublattices ({} has none): set delta to 0", lattice.describe()));
  }
  return parity;
}

void add_pinning(Operator& op, const Lattice& lattice, Pinning pinning) {
  const std::vector<int> parity = sublattices(lattice);
  for (int site = 0; site < lattice.sites(); ++site) {
    const int pattern = pinning == Pinning::odd ? parity[site] : 1 - 2 * parity[site];
    if (pattern != 0) op.add(pattern, "delta", {{Factor::number, site}});
  }
}

}  // namespace

const Words<Pinning>& pinning_words() {
  static const Words<Pinning> words = {{"odd", Pinning::odd}, {"staggered", Pinning::staggered}};
  return words;
}

static Operator build_tv(const Lattice& lattice, const ModelOptions& options) {
  Operator op{"tv", "t", lattice.sites(), {}, {}};
  for (const Bond& bond : lattice.bonds(1)) {
    if (options.active.contains("t")) {
      op.add(-bond.seam_sign, "t", {{Factor::create, bond.i}, {Factor::annihilate, bond.j}});
      op.add(-bond.seam_sign, "t", {{Factor::create, bond.j}, {Factor::annihilate, bond.i}});
    }
    if (options.active.contains("V")) op.add(1, "V", {{Factor::number, bond.i}, {Factor::number, bond.j}});
  }
  if (options.active.contains("delta")) add_pinning(op, lattice, options.pinning);
  return op;
}

ModelEntry tv_entry() {
  return {"tv",
          "spinless fermions with nearest-neighbour repulsion: -t sum_nn (c+_i c_j + h.c.) + V sum_nn n_i n_j + delta sum_i pattern_i n_i",
          "t",
          SectorKind::spinless_fermions,
          SpinNumber::conserved,
          {
              {"t", 1, "hopping of nearest neighbours"},
              {"V", 0, "repulsion of nearest neighbours"},
              {"delta", 0, "pinning field", CouplingRole::setup},
          },
          Options<ModelOptions>().word("pinning", &ModelOptions::pinning, pinning_words(),
                                       "sites of the pinning field: +delta on the odd sites, or +-delta on the two sublattices"),
          build_tv,
          {"12", "t: 1.0, V: [0.0, 1.0, 2.0, 4.0], delta: 0.1", "energy, density_density", NetworkRole::spinless_fermions},
          [](const SystemOptions& system) { return "pinning = " + word_of(pinning_words(), system.pinning); }};
}

}  // namespace qs

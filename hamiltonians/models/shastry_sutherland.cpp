// H = J_s sum_{square bonds} S.S + J_d sum_{dimers} S.S (Shastry and Sutherland, Physica B+C 108, 1069 (1981)); the literature swaps
// J and J', we name the ratio J_s / J_d. Dimers: (x, y)-(x+1, y+1) for x, y both even and (x+1, y)-(x, y+1) for x, y both odd.
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "hamiltonians/models/models.h"
#include "hamiltonians/models/spin_bonds.h"

namespace qs {

namespace {

// One site per cell, cells at right angles, no bonds but those of its shells.
bool is_square(const Lattice& lattice) {
  const std::vector<Vector3> right = {{1, 0, 0}, {0, 1, 0}};
  return lattice.has_cells() && lattice.cell().primitive == right && lattice.cell().sites() == 1 && lattice.cell().bonds.empty();
}

void check_lattice(const Lattice& lattice) {
  const LatticeOptions& options = lattice.options();
  const bool even = std::all_of(options.size.begin(), options.size.end(), [](int length) { return length % 2 == 0; });
  const bool periodic = std::all_of(options.boundary.begin(), options.boundary.end(), [](Boundary b) { return b == Boundary::periodic; });
  if (!is_square(lattice) || lattice.is_tilted() || !even || !periodic) {
    throw InputError(
        fmt::format("system.lattice {} cannot carry shastry_sutherland (every site needs its dimer): use a periodic square lattice with even sides",
                    lattice.describe()));
  }
}

}  // namespace

static Operator build_shastry_sutherland(const Lattice& lattice, const ModelOptions& options) {
  check_lattice(lattice);
  Operator op{"shastry_sutherland", "S.S", lattice.sites(), {}, {}};
  const SublatticeRotation rotation(lattice, options.sign_rule);
  if (options.active.contains("Js")) {
    for (const Bond& bond : lattice.bonds(1)) add_heisenberg(op, 1, "Js", bond.i, bond.j, rotation);
  }
  if (!options.active.contains("Jd")) return op;
  const int lx = lattice.options().size[0], ly = lattice.options().size[1];
  for (int x = 0; x < lx; ++x) {
    for (int y = x % 2; y < ly; y += 2) {  // x and y both even or both odd
      const int from = x % 2 == 0 ? x : x + 1, to = x % 2 == 0 ? x + 1 : x;
      add_heisenberg(op, 1, "Jd", lattice.image_at({from, y, 0}, 0)->site, lattice.image_at({to, y + 1, 0}, 0)->site, rotation);
    }
  }
  return op;
}

ModelEntry shastry_sutherland_entry() {
  return {"shastry_sutherland",
          "square bonds and alternate diagonals: Js sum_square S.S + Jd sum_dimers S.S",
          "S.S",
          SectorKind::spin_half,
          SpinNumber::conserved,
          {
              {"Js", 1, "S.S coupling of the square bonds"},
              {"Jd", 1, "S.S coupling of the dimer diagonals"},
          },
          marshall_option(),
          build_shastry_sutherland,
          {.size = "4x4",
           .hamiltonian = "Js: 0.8, Jd: 1.0, marshall_sign: true",  // the ordered phase: nearly positive in the rotated basis
           .observables = "energy, structure_factor",
           .small = NetworkRole::frustrated,
           .least_axes = 2}};
}

}  // namespace qs

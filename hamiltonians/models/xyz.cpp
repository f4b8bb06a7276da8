// H = sum_{nn bonds} (Jx Sx Sx + Jy Sy Sy + Jz Sz Sz) - hx sum_i Sx_i - hz sum_i Sz_i.
#include "hamiltonians/models/models.h"
#include "hamiltonians/models/spin_bonds.h"

namespace qs {

// Sx Sx + sign Sy Sy of a bond, halved: (S+ S- + S- S+) / 4 for sign 1, (S+ S+ + S- S-) / 4 for -1.
static void add_planar(Operator& op, double coefficient, const char* coupling, const Bond& bond, Factor with_plus) {
  const Factor with_minus = with_plus == Factor::s_minus ? Factor::s_plus : Factor::s_minus;
  op.add(coefficient, coupling, {{Factor::s_plus, bond.i}, {with_plus, bond.j}});
  op.add(coefficient, coupling, {{Factor::s_minus, bond.i}, {with_minus, bond.j}});
}

static Operator build_xyz(const Lattice& lattice, const ModelOptions& options) {
  Operator op{"xyz", "S.S", lattice.sites(), {}, {}};
  const auto active = [&](const char* coupling) { return options.active.contains(coupling); };
  for (const Bond& bond : lattice.bonds(1)) {
    for (const char* coupling : {"Jx", "Jy"}) {
      if (!active(coupling)) continue;
      add_planar(op, 0.25, coupling, bond, Factor::s_minus);
      add_planar(op, coupling[1] == 'x' ? 0.25 : -0.25, coupling, bond, Factor::s_plus);
    }
    if (active("Jz")) add_ising(op, 1, "Jz", bond.i, bond.j);
  }
  for (int site = 0; site < lattice.sites(); ++site) {
    if (active("hx")) op.add(-1, "hx", {{Factor::sx, site}});
    if (active("hz")) op.add(-1, "hz", {{Factor::sz, site}});
  }
  return op;
}

ModelEntry xyz_entry() {
  return {"xyz",
          "fully anisotropic spins in a field: sum_nn (Jx Sx Sx + Jy Sy Sy + Jz Sz Sz) - hx sum Sx - hz sum Sz",
          "S.S",
          SectorKind::spin_half,
          SpinNumber::not_conserved,
          {
              {"Jx", 1, "coupling of the x components of nearest neighbours"},
              {"Jy", 1, "coupling of the y components"},
              {"Jz", 1, "coupling of the z components"},
              {"hx", 0, "field along x"},
              {"hz", 0, "field along z"},
          },
          Options<ModelOptions>(),
          build_xyz,
          {.observables = "energy, sz_sz"}};
}

}  // namespace qs

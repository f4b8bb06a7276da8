// H = J sum_{nn bonds} (Sx Sx + Sy Sy + Delta Sz Sz).
#include "hamiltonians/models/models.h"
#include "hamiltonians/models/spin_bonds.h"

namespace qs {

static Operator build_xxz(const Lattice& lattice, const ModelOptions& options) {
  Operator op{"xxz", "S.S", lattice.sites(), {}, {}};
  const SublatticeRotation rotation(lattice, options.sign_rule);
  for (const Bond& bond : lattice.bonds(1)) {
    add_exchange(op, 1, "J", bond.i, bond.j, rotation);
    if (options.active.contains("Delta")) add_ising(op, 1, "J*Delta", bond.i, bond.j);
  }
  return op;
}

ModelEntry xxz_entry() {
  return {"xxz",
          "anisotropic Heisenberg model: J sum_nn (Sx Sx + Sy Sy + Delta Sz Sz)",
          "S.S",
          SectorKind::spin_half,
          SpinNumber::conserved,
          {
              {"J", 1, "coupling of nearest neighbours"},
              {"Delta", 1, "anisotropy: J (Sx Sx + Sy Sy + Delta Sz Sz)"},
          },
          marshall_option(),
          build_xxz,
          {"16", "J: 1.0, Delta: 0.5, marshall_sign: true", "energy, sz_sz", NetworkRole::positive, NetworkRole::any_sign, 0.05}};
}

}  // namespace qs

// H = sum_k J_k sum_{bonds of shell k} S_i.S_j; J > 0 is antiferromagnetic.
#include <string>

#include "hamiltonians/models/models.h"
#include "hamiltonians/models/spin_bonds.h"

namespace qs {

static Operator build_heisenberg(const Lattice& lattice, const ModelOptions& options) {
  Operator op{"heisenberg", "S.S", lattice.sites(), {}, {}};
  const SublatticeRotation rotation(lattice, options.sign_rule);
  int shell = 0;
  for (const std::string coupling : {"J1", "J2", "J3"}) {
    ++shell;
    if (!options.active.contains(coupling)) continue;
    for (const Bond& bond : lattice.bonds(shell)) add_heisenberg(op, 1, coupling, bond.i, bond.j, rotation);
  }
  return op;
}

ModelEntry heisenberg_entry() {
  return {"heisenberg",
          "J1 S.S + J2 S.S + J3 S.S on three shells (J > 0: antiferromagnetic)",
          "S.S",
          SectorKind::spin_half,
          SpinNumber::conserved,
          {
              {"J1", 1, "S.S coupling of nearest neighbours"},
              {"J2", 0, "S.S coupling of the second shell"},
              {"J3", 0, "S.S coupling of the third shell"},
          },
          marshall_option(),
          build_heisenberg,
          {"4x4", "J1: 1.0, marshall_sign: true", "energy, spin_spin", NetworkRole::wide_positive, NetworkRole::frustrated, 0.05}};
}

}  // namespace qs

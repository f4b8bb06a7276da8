// H = sum_k J_k sum_{bonds of shell k} S_i.S_j; J > 0 is antiferromagnetic.
#include <string>

#include "hamiltonians/models/models.h"
#include "hamiltonians/models/spin_bonds.h"

namespace qs {

Operator build_heisenberg(const Lattice& lattice, const ModelOptions& options) {
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

}  // namespace qs

// H = J sum_{nn bonds} (Sx Sx + Sy Sy + Delta Sz Sz).
#include "hamiltonians/models/models.h"
#include "hamiltonians/models/spin_bonds.h"

namespace qs {

Operator build_xxz(const Lattice& lattice, const ModelOptions& options) {
  Operator op{"xxz", "S.S", lattice.sites(), {}, {}};
  const SublatticeRotation rotation(lattice, options.sign_rule);
  for (const Bond& bond : lattice.bonds(1)) {
    add_exchange(op, 1, "J", bond.i, bond.j, rotation);
    if (options.active.contains("Delta")) add_ising(op, 1, "J*Delta", bond.i, bond.j);
  }
  return op;
}

}  // namespace qs

// H = -J sum_{nn bonds} sigma^z_i sigma^z_j - Gamma sum_i sigma^x_i, Pauli matrices; J > 0 is ferromagnetic.
#include "hamiltonians/models/models.h"

namespace qs {

Operator build_tfim(const Lattice& lattice, const ModelOptions& options) {
  Operator op{"tfim", "Pauli", lattice.sites(), {}, {}};
  if (options.active.contains("J")) {
    for (const Bond& bond : lattice.bonds(1)) op.add(-1, "J", {{Factor::pauli_z, bond.i}, {Factor::pauli_z, bond.j}});
  }
  if (options.active.contains("Gamma")) {
    for (int site = 0; site < lattice.sites(); ++site) op.add(-1, "Gamma", {{Factor::pauli_x, site}});
  }
  return op;
}

}  // namespace qs

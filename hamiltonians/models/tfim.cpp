// H = -J sum_{nn bonds} sigma^z_i sigma^z_j - Gamma sum_i sigma^x_i, Pauli matrices; J > 0 is ferromagnetic.
#include "hamiltonians/models/models.h"

namespace qs {

static Operator build_tfim(const Lattice& lattice, const ModelOptions& options) {
  Operator op{"tfim", "Pauli", lattice.sites(), {}, {}};
  if (options.active.contains("J")) {
    for (const Bond& bond : lattice.bonds(1)) op.add(-1, "J", {{Factor::pauli_z, bond.i}, {Factor::pauli_z, bond.j}});
  }
  if (options.active.contains("Gamma")) {
    for (int site = 0; site < lattice.sites(); ++site) op.add(-1, "Gamma", {{Factor::pauli_x, site}});
  }
  return op;
}

ModelEntry tfim_entry() {
  return {"tfim",
          "transverse-field Ising model, Pauli matrices: -J sum_nn sz sz - Gamma sum_i sx",
          "Pauli",
          SectorKind::spin_half,
          SpinNumber::not_conserved,
          {
              {"J", 1, "Ising coupling of nearest neighbours, Pauli matrices; J > 0: ferromagnetic"},
              {"Gamma", 1, "transverse field, Pauli matrices"},
          },
          Options<ModelOptions>(),
          build_tfim,
          {"12", "", "energy, sz_sz", NetworkRole::positive, NetworkRole::any_sign, 0.02}};
}

}  // namespace qs

// H = -t sum_{nn, s} (c+_is c_js + h.c.) + U sum_i n_i,up n_i,down; mode = spin * N + site, spin 0 = down first.
#include "hamiltonians/models/models.h"

namespace qs {

static Operator build_hubbard(const Lattice& lattice, const ModelOptions& options) {
  const int sites = lattice.sites();
  Operator op{"hubbard", "t", 2 * sites, {}, {}};
  if (options.active.contains("t")) {
    for (const Bond& bond : lattice.bonds(1)) {
      for (const int spin : {0, 1}) {
        const int i = spin * sites + bond.i, j = spin * sites + bond.j;
        op.add(-bond.seam_sign, "t", {{Factor::create, i}, {Factor::annihilate, j}});
        op.add(-bond.seam_sign, "t", {{Factor::create, j}, {Factor::annihilate, i}});
      }
    }
  }
  if (options.active.contains("U")) {
    for (int site = 0; site < sites; ++site) op.add(1, "U", {{Factor::number, sites + site}, {Factor::number, site}});
  }
  return op;
}

ModelEntry hubbard_entry() {
  return {"hubbard",
          "spinful fermions with on-site repulsion: -t sum_{nn,s} (c+_is c_js + h.c.) + U sum_i n_up n_down",
          "t",
          SectorKind::spinful_fermions,
          SpinNumber::conserved,
          {
              {"t", 1, "hopping of nearest neighbours"},
              {"U", 0, "repulsion on a site"},
          },
          Options<ModelOptions>(),
          build_hubbard,
          {"4x2", "t: 1.0, U: 4.0", "energy, double_occupancy", NetworkRole::spinful_fermions}};
}

}  // namespace qs

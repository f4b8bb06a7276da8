// <Sz_i> of every site: what fields, edges and disorder make of a spin.
#include <string>

#include "hamiltonians/observables/local_operators.h"

namespace qs {

static std::vector<NamedOperator> build_sz(const ObservableInput& input) {
  const bool spins = input.sector.options().kind == SectorKind::spin_half;
  const int sites = input.lattice.sites();
  std::vector<NamedOperator> result;
  for (int site = 0; site < sites; ++site) {
    Operator op = empty_observable("sz", "S.S", input.sector);
    if (spins) {
      op.add(1, "1", {{Factor::sz, site}});
    } else {
      op.add(-0.5, "1", {{Factor::number, site}});
      op.add(0.5, "1", {{Factor::number, sites + site}});
    }
    result.push_back({std::to_string(site), std::move(op)});
  }
  return result;
}

ObservableEntry sz_entry() {
  return {.name = "sz",
          .doc = "<Sz_i> of every site, spin 1/2 units",
          .axis = ObservableAxis::site,
          .sectors = {SectorKind::spin_half, SectorKind::spinful_fermions},
          .build = build_sz};
}

}  // namespace qs

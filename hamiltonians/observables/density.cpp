// <n_i> per site and <n_i,up n_i,down> per site.
#include <string>

#include "hamiltonians/observables/local_operators.h"
#include "hamiltonians/observables/observables.h"

namespace qs {

std::vector<NamedOperator> build_density(const Lattice& lattice, const Sector& sector, SignRule) {
  std::vector<NamedOperator> result;
  for (int site = 0; site < lattice.sites(); ++site) {
    Operator op = empty_observable("density", "-", sector);
    for (const int mode : modes_of(sector, site)) op.add(1, "1", {{Factor::number, mode}});
    result.push_back({std::to_string(site), std::move(op)});
  }
  return result;
}

std::vector<NamedOperator> build_double_occupancy(const Lattice& lattice, const Sector& sector, SignRule) {
  std::vector<NamedOperator> result;
  for (int site = 0; site < lattice.sites(); ++site) {
    Operator op = empty_observable("double_occupancy", "-", sector);
    op.add(1, "1", {{Factor::number, site}, {Factor::number, sector.sites() + site}});
    result.push_back({std::to_string(site), std::move(op)});
  }
  return result;
}

}  // namespace qs

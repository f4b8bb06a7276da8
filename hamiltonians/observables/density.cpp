// <n_i> per site and <n_i,up n_i,down> per site.
#include <string>

#include "hamiltonians/observables/local_operators.h"

namespace qs {

using enum SectorKind;

static std::vector<NamedOperator> build_density(const ObservableInput& input) {
  const Sector& sector = input.sector;
  std::vector<NamedOperator> result;
  for (int site = 0; site < input.lattice.sites(); ++site) {
    Operator op = empty_observable("density", "-", sector);
    for (const int mode : modes_of(sector, site)) op.add(1, "1", {{Factor::number, mode}});
    result.push_back({std::to_string(site), std::move(op)});
  }
  return result;
}

static std::vector<NamedOperator> build_double_occupancy(const ObservableInput& input) {
  const Sector& sector = input.sector;
  std::vector<NamedOperator> result;
  for (int site = 0; site < input.lattice.sites(); ++site) {
    Operator op = empty_observable("double_occupancy", "-", sector);
    op.add(1, "1", {{Factor::number, site}, {Factor::number, sector.sites() + site}});
    result.push_back({std::to_string(site), std::move(op)});
  }
  return result;
}

ObservableEntry density_entry() {
  return {.name = "density",
          .doc = "<n_i> of every site (spinful: n_up + n_down)",
          .axis = ObservableAxis::site,
          .sectors = {spinless_fermions, spinful_fermions},
          .build = build_density};
}

ObservableEntry double_occupancy_entry() {
  return {.name = "double_occupancy",
          .doc = "<n_up n_down> of every site",
          .axis = ObservableAxis::site,
          .sectors = {spinful_fermions},
          .build = build_double_occupancy};
}

}  // namespace qs

// Two-point functions of site 0 with every site j: <n_0 n_j>, <Sz_0 Sz_j>, <S_0.S_j>. j = 0 is included: n_0^2, 1/4, 3/4.
#include <fmt/format.h>

#include "hamiltonians/observables/local_operators.h"

namespace qs {

using enum SectorKind;

namespace {

template <class AddPair>
std::vector<NamedOperator> pairs_with_origin(const ObservableInput& input, const char* name, const char* convention, AddPair add_pair) {
  std::vector<NamedOperator> result;
  for (int site = 0; site < input.lattice.sites(); ++site) {
    Operator op = empty_observable(name, convention, input.sector);
    add_pair(op, site);
    result.push_back({fmt::format("0-{}", site), std::move(op)});
  }
  return result;
}

std::vector<NamedOperator> build_density_density(const ObservableInput& input) {
  return pairs_with_origin(input, "density_density", "-", [&](Operator& op, int site) { add_density_density(op, 1, input.sector, 0, site); });
}

std::vector<NamedOperator> build_sz_sz(const ObservableInput& input) {
  return pairs_with_origin(input, "sz_sz", "S.S", [&](Operator& op, int site) { add_sz_sz(op, 1, input.sector, 0, site); });
}

std::vector<NamedOperator> build_spin_spin(const ObservableInput& input) {
  const SublatticeRotation rotation(input.lattice, input.sign_rule);
  return pairs_with_origin(input, "spin_spin", "S.S", [&](Operator& op, int site) { add_spin_spin(op, 1, input.sector, 0, site, rotation); });
}

}  // namespace

ObservableEntry density_density_entry() {
  return {.name = "density_density",
          .doc = "<n_0 n_j> for every site j; j = 0 is <n_0^2>",
          .axis = ObservableAxis::site,
          .sectors = {spinless_fermions, spinful_fermions},
          .build = build_density_density};
}

ObservableEntry sz_sz_entry() {
  return {.name = "sz_sz",
          .doc = "<Sz_0 Sz_j> for every site j, spin 1/2 units",
          .axis = ObservableAxis::site,
          .sectors = {spin_half, spinful_fermions},
          .build = build_sz_sz};
}

ObservableEntry spin_spin_entry() {
  return {.name = "spin_spin",
          .doc = "<S_0.S_j> for every site j",
          .axis = ObservableAxis::site,
          .sectors = {spin_half, spinful_fermions},
          .build = build_spin_spin};
}

}  // namespace qs

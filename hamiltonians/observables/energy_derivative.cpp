// dE/dlambda = <dH/dlambda> (Hellmann-Feynman) for every coupling that has terms. Of products such as J*Delta by the product rule.
#include "engine/base/error.h"
#include "hamiltonians/observables/local_operators.h"

namespace qs {

using enum SectorKind;

namespace {

// The numbers of a random field, "h@3", are not couplings that the user names.
bool is_named(const std::string& name) { return name != "1" && name.find('@') == std::string::npos; }

std::string without(const std::vector<std::string>& names, std::size_t left_out) {
  std::string product;
  for (std::size_t k = 0; k < names.size(); ++k) {
    if (k != left_out && names[k] != "1") product += (product.empty() ? "" : "*") + names[k];
  }
  return product.empty() ? "1" : product;
}

std::vector<NamedOperator> build(const ObservableInput& input) {
  QS_ASSERT(input.hamiltonian != nullptr);
  std::vector<NamedOperator> result;
  const auto derivative = [&](const std::string& name) -> Operator& {
    for (NamedOperator& each : result) {
      if (each.label == name) return each.op;
    }
    result.push_back({name, empty_observable("energy_derivative", "-", input.sector)});
    return result.back().op;
  };
  for (const SymbolicTerm& term : input.hamiltonian->terms) {
    const std::vector<std::string> names = names_in(input.hamiltonian->couplings[term.coupling]);
    for (std::size_t k = 0; k < names.size(); ++k) {
      if (is_named(names[k])) derivative(names[k]).add(term.coefficient, without(names, k), term.factors);
    }
  }
  if (result.empty()) throw InputError("observable energy_derivative: the Hamiltonian has no named coupling: remove it");
  return result;
}

}  // namespace

ObservableEntry energy_derivative_entry() {
  return {.name = "energy_derivative",
          .doc = "dE/dlambda = <dH/dlambda> of every coupling lambda; couplings that are 0 in all problems have no terms and are left out",
          .sectors = {spin_half, spinless_fermions, spinful_fermions},
          .build = build};
}

}  // namespace qs

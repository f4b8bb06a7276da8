// <S^2> = sum_ij <S_i.S_j> = S (S + 1) in a state of total spin S.
#include "hamiltonians/observables/local_operators.h"
#include "hamiltonians/observables/translated_pairs.h"

namespace qs {

using enum SectorKind;

static std::vector<NamedOperator> build_total_spin(const ObservableInput& input) {
  refuse_twisted_spins(input, "total_spin");
  const SublatticeRotation rotation(input.lattice, input.sign_rule);
  Operator op = empty_observable("total_spin", "S.S", input.sector);
  for (int i = 0; i < input.sector.sites(); ++i) {
    for (int j = 0; j < input.sector.sites(); ++j) add_spin_spin(op, 1, input.sector, i, j, rotation);
  }
  return {{"S2", std::move(op)}};
}

ObservableEntry total_spin_entry() {
  return {.name = "total_spin",
          .doc = "<S^2> of the total spin, S (S + 1); about N^2/4 network evaluations per sample",
          .sectors = {spin_half, spinful_fermions},
          .build = build_total_spin};
}

}  // namespace qs

// m^2 = (1/N^2) sum_ij e_i e_j <A_i A_j> with e = +1, -1 on the two sublattices; A_i A_j = S_i.S_j, or n_i n_j without spin. The Neel
// product state has spin m^2 = 1/4 + 1/(2N), a perfect charge-density wave at half filling 1/4.
#include <fmt/format.h>

#include "engine/base/error.h"
#include "hamiltonians/observables/local_operators.h"
#include "hamiltonians/observables/translated_pairs.h"

namespace qs {

using enum SectorKind;

static std::vector<NamedOperator> build_staggered_moment(const ObservableInput& input) {
  refuse_twisted_spins(input, "staggered_moment");
  const Lattice& lattice = input.lattice;
  const Sector& sector = input.sector;
  const int n = lattice.sites();
  const std::vector<int> colour = Lattice::two_colouring(n, lattice.bonds(1));
  if (colour.empty()) {
    throw InputError(fmt::format("observable staggered_moment needs two sublattices (the nearest-neighbour bonds of {} are not bipartite): remove it",
                                 lattice.describe()));
  }
  const bool spin = sector.options().kind != SectorKind::spinless_fermions;
  const SublatticeRotation rotation(lattice, input.sign_rule);
  Operator op = empty_observable("staggered_moment", spin ? "S.S" : "-", sector);
  const double unit = 1.0 / (static_cast<double>(n) * n);
  for (int i = 0; i < n; ++i) {
    for (int j = i; j < n; ++j) {
      const double coefficient = (i == j ? 1 : 2) * (colour[i] == colour[j] ? unit : -unit);
      if (spin) {
        add_spin_spin(op, coefficient, sector, i, j, rotation);
      } else {
        add_density_density(op, coefficient, sector, i, j);
      }
    }
  }
  return {{"pi", std::move(op)}};
}

ObservableEntry staggered_moment_entry() {
  return {.name = "staggered_moment",
          .doc = "(1/N^2) sum_ij e_i e_j <A_i A_j>, e = +-1 on the sublattices, A A = S.S or (spinless) n n",
          .axis = ObservableAxis::none,
          .sectors = {spin_half, spinless_fermions, spinful_fermions},
          .build = build_staggered_moment};
}

}  // namespace qs

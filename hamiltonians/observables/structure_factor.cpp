// S(q) = (1/N) sum_ij cos(q.(r_i - r_j)) <A_i A_j> for every wave vector q of the lattice (Lattice::momenta). The positions
// include the basis offsets, so S(q) is the physical one in the first zone; on lattices with a basis it is not periodic in q.
#include <cmath>
#include <numbers>

#include "hamiltonians/observables/local_operators.h"
#include "hamiltonians/observables/translated_pairs.h"

namespace qs {

using enum SectorKind;

namespace {

// q.(r_i - r_j) / 2 pi, from coordinates along the primitive vectors.
double turns(const Momentum& momentum, const Vector3& i, const Vector3& j) {
  double sum = 0;
  for (int axis = 0; axis < 3; ++axis) sum += momentum.k[axis] * (i[axis] - j[axis]) / momentum.of[axis];
  return sum;
}

// add_pair(op, coefficient, i, j) is called once per unordered pair and once per site.
template <class AddPair>
std::vector<NamedOperator> fourier(const ObservableInput& input, const char* name, const char* convention, AddPair add_pair) {
  const Lattice& lattice = input.lattice;
  const int n = lattice.sites();
  const std::vector<Momentum> momenta = lattice.momenta();
  std::vector<Vector3> position;
  for (int site = 0; site < n; ++site) position.push_back(lattice.fractional(site));
  std::vector<NamedOperator> result;
  for (const Momentum& momentum : momenta) {
    Operator op = empty_observable(name, convention, input.sector);
    for (int i = 0; i < n; ++i) {
      add_pair(op, 1.0 / n, i, i);
      for (int j = i + 1; j < n; ++j) {
        add_pair(op, 2.0 / n * std::cos(2 * std::numbers::pi * turns(momentum, position[i], position[j])), i, j);
      }
    }
    result.push_back({momentum.label, std::move(op)});
  }
  return result;
}

std::vector<NamedOperator> build_structure_factor(const ObservableInput& input) {
  if (input.sector.options().kind == spinless_fermions) {
    return fourier(input, "structure_factor", "-",
                   [&](Operator& op, double coefficient, int i, int j) { add_density_density(op, coefficient, input.sector, i, j); });
  }
  return fourier(input, "structure_factor", "S.S",
                 [&](Operator& op, double coefficient, int i, int j) { add_sz_sz(op, coefficient, input.sector, i, j); });
}

std::vector<NamedOperator> build_spin_structure_factor(const ObservableInput& input) {
  refuse_twisted_spins(input, "spin_structure_factor");
  const SublatticeRotation rotation(input.lattice, input.sign_rule);
  return fourier(input, "spin_structure_factor", "S.S",
                 [&](Operator& op, double coefficient, int i, int j) { add_spin_spin(op, coefficient, input.sector, i, j, rotation); });
}

}  // namespace

ObservableEntry structure_factor_entry() {
  return {.name = "structure_factor",
          .doc =
              "(1/N) sum_ij cos q.(r_i - r_j) <A_i A_j>, A = n (spinless) or Sz, for every q = kx,ky in units of 2 pi / L; diagonal, so "
              "it costs no network evaluation; in a singlet, 3 times the Sz value is S.S",
          .axis = ObservableAxis::momentum,
          .sectors = {spin_half, spinless_fermions, spinful_fermions},
          .build = build_structure_factor};
}

ObservableEntry spin_structure_factor_entry() {
  return {.name = "spin_structure_factor",
          .doc = "(1/N) sum_ij cos q.(r_i - r_j) <S_i.S_j>; every q costs about N^2/4 network evaluations per sample",
          .axis = ObservableAxis::momentum,
          .sectors = {spin_half, spinful_fermions},
          .build = build_spin_structure_factor};
}

}  // namespace qs

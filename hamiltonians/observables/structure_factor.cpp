// S(q) = (1/N) sum_ij cos(q.(r_i - r_j)) <A_i A_j> for every wave vector q of the lattice (Lattice::momenta). The positions
// include the basis offsets, so S(q) is the physical one in the first zone; on lattices with a basis it is not periodic in q.
#include <cmath>
#include <numbers>

#include "hamiltonians/observables/local_operators.h"
#include "hamiltonians/observables/observables.h"

namespace qs {

namespace {

// q.(r_i - r_j) / 2 pi, from coordinates along the primitive vectors.
double turns(const Momentum& momentum, const Vector3& i, const Vector3& j) {
  double sum = 0;
  for (int axis = 0; axis < 3; ++axis) sum += momentum.k[axis] * (i[axis] - j[axis]) / momentum.of[axis];
  return sum;
}

// add_pair(op, coefficient, i, j) is called once per unordered pair and once per site.
template <class AddPair>
std::vector<NamedOperator> fourier(const Lattice& lattice, const Sector& sector, const char* name, const char* convention, AddPair add_pair) {
  const int n = lattice.sites();
  const std::vector<Momentum> momenta = lattice.momenta();
  std::vector<Vector3> position;
  for (int site = 0; site < n; ++site) position.push_back(lattice.fractional(site));
  std::vector<NamedOperator> result;
  for (const Momentum& momentum : momenta) {
    Operator op = empty_observable(name, convention, sector);
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

}  // namespace

std::vector<NamedOperator> build_structure_factor(const Lattice& lattice, const Sector& sector, SignRule) {
  if (sector.options().kind == SectorKind::spinless_fermions) {
    return fourier(lattice, sector, "structure_factor", "-",
                   [&](Operator& op, double coefficient, int i, int j) { add_density_density(op, coefficient, sector, i, j); });
  }
  return fourier(lattice, sector, "structure_factor", "S.S",
                 [&](Operator& op, double coefficient, int i, int j) { add_sz_sz(op, coefficient, sector, i, j); });
}

std::vector<NamedOperator> build_spin_structure_factor(const Lattice& lattice, const Sector& sector, SignRule rule) {
  const SublatticeRotation rotation(lattice, rule);
  return fourier(lattice, sector, "spin_structure_factor", "S.S",
                 [&](Operator& op, double coefficient, int i, int j) { add_spin_spin(op, coefficient, sector, i, j, rotation); });
}

}  // namespace qs

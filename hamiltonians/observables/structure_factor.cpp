// S(q) = (1/N) sum_ij cos(q.(r_i - r_j)) <A_i A_j> for every q = (kx b_1 / Lx + ky b_2 / Ly) of the lattice, 0 <= k < L. The positions
// include the basis offsets, so S(q) is the physical one in the first zone; on lattices with a basis it is not periodic in q.
#include <cmath>
#include <numbers>

#include "hamiltonians/observables/local_operators.h"
#include "hamiltonians/observables/observables.h"

namespace qs {

namespace {

// Coordinates along the primitive vectors, basis offsets included.
std::array<double, 2> fractional(const Lattice& lattice, int site) {
  const std::array<double, 2> r = lattice.position(site);
  if (lattice.options().kind == LatticeKind::chain || lattice.options().kind == LatticeKind::square) return r;
  const double along_second = r[1] / (std::sqrt(3.0) / 2);  // a_2 = (1/2, sqrt(3)/2)
  return {r[0] - 0.5 * along_second, along_second};
}

// add_pair(op, coefficient, i, j) is called once per unordered pair and once per site.
template <class AddPair>
std::vector<NamedOperator> fourier(const Lattice& lattice, const Sector& sector, const char* name, const char* convention, AddPair add_pair) {
  const int n = lattice.sites();
  const int lx = lattice.options().size[0], ly = lattice.axes() == 2 ? lattice.options().size[1] : 1;
  std::vector<std::array<double, 2>> position;
  for (int site = 0; site < n; ++site) position.push_back(fractional(lattice, site));
  std::vector<NamedOperator> result;
  for (const Momentum& momentum : lattice.momenta()) {
    const auto [kx, ky] = momentum.k;
    Operator op = empty_observable(name, convention, sector);
    for (int i = 0; i < n; ++i) {
      add_pair(op, 1.0 / n, i, i);
      for (int j = i + 1; j < n; ++j) {
        const double turns = kx * (position[i][0] - position[j][0]) / lx + ky * (position[i][1] - position[j][1]) / ly;
        add_pair(op, 2.0 / n * std::cos(2 * std::numbers::pi * turns), i, j);
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

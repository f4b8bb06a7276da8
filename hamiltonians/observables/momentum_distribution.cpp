// n(k) = (N_b / N) sum_ij exp(i k.(r_i - r_j)) <c+_i c_j>, i and j on the same site of the cell (of N_b sites), for every wave vector of
// Lattice::momenta that the boundary allows: c_{x+L} = exp(i theta) c_x moves k by theta / L, so that these waves diagonalise hopping. The sum over k
// is the number of particles. With spin, first all k of spin up, then all of spin down.
#include <numbers>

#include "hamiltonians/observables/local_operators.h"
#include "hamiltonians/term_coefficients.h"

namespace qs {

using enum SectorKind;

namespace {

// k.(r_i - r_j), from the cells of the two sites.
double angle(const Momentum& momentum, const CellVector& i, const CellVector& j) {
  double turns = 0;
  for (int axis = 0; axis < 3; ++axis) turns += momentum.turns[axis] * (i[axis] - j[axis]);
  return 2 * std::numbers::pi * turns;
}

Operator occupation(const ObservableInput& input, const Momentum& momentum, int first_mode) {
  const Lattice& lattice = input.lattice;
  Operator op = empty_observable("momentum_distribution", "-", input.sector);
  const double unit = static_cast<double>(lattice.basis()) / lattice.sites();
  for (int i = 0; i < lattice.sites(); ++i) {
    op.add(unit, "1", {{Factor::number, first_mode + i}});
    for (int j = i + lattice.basis(); j < lattice.sites(); j += lattice.basis()) {
      const std::complex<double> phase = unit * phase_factor(angle(momentum, lattice.cell_vector(i), lattice.cell_vector(j)));
      op.add(phase, "1", {{Factor::create, first_mode + i}, {Factor::annihilate, first_mode + j}});
      op.add(std::conj(phase), "1", {{Factor::create, first_mode + j}, {Factor::annihilate, first_mode + i}});
    }
  }
  return op;
}

std::vector<NamedOperator> build_momentum_distribution(const ObservableInput& input) {
  const SectorKind kind = input.sector.options().kind;
  const std::vector<Momentum> momenta = input.lattice.momenta(seam_angles(input.lattice, kind, input.twist));
  const bool with_spin = kind == spinful_fermions;
  std::vector<NamedOperator> result;
  for (int spin = with_spin ? 1 : 0; spin >= 0; --spin) {
    const std::string prefix = !with_spin ? "" : spin == 1 ? "up " : "down ";
    for (const Momentum& momentum : momenta) result.push_back({prefix + momentum.label, occupation(input, momentum, spin * input.lattice.sites())});
  }
  return result;
}

}  // namespace

ObservableEntry momentum_distribution_entry() {
  return {.name = "momentum_distribution",
          .doc =
              "n(k) = (1/N) sum_ij exp(i k.(r_i - r_j)) <c+_i c_j> of each spin, per site of the cell summed over these; sum over k: the number of "
              "particles; a boundary that turns c by theta moves k by theta / L; every k costs about N^2/4 network evaluations per sample",
          .axis = ObservableAxis::particle_momentum,
          .sectors = {spinless_fermions, spinful_fermions},
          .build = build_momentum_distribution};
}

}  // namespace qs

// Hamiltonians with complex elements, written down term by term.
#pragma once

#include <array>
#include <cmath>
#include <complex>
#include <numbers>
#include <utility>
#include <vector>

#include "hamiltonians/registry.h"

namespace qs::test {

// coefficient * coupling * S^a_i S^b_j, with a and b among 0 (x), 1 (y), 2 (z).
inline void add_spin_product(Operator& op, double coefficient, const std::string& coupling, std::pair<int, int> a, std::pair<int, int> b) {
  using Part = std::pair<std::complex<double>, Factor>;
  const auto parts = [](int axis) -> std::vector<Part> {
    if (axis == 0) return {{0.5, Factor::s_plus}, {0.5, Factor::s_minus}};
    if (axis == 1) return {{{0, -0.5}, Factor::s_plus}, {{0, 0.5}, Factor::s_minus}};
    return {{1, Factor::sz}};
  };
  for (const auto& [x, left] : parts(a.first)) {
    for (const auto& [y, right] : parts(b.first)) op.add(coefficient * x * y, coupling, {{left, a.second}, {right, b.second}});
  }
}

// Ring of spins: sum J S_i.S_j + D.(S_i x S_j).
inline Operator dm_ring(int sites, const std::array<double, 3>& d) {
  Operator op{"dm_ring", "S.S", sites, {}, {}};
  for (int i = 0; i < sites; ++i) {
    const int j = (i + 1) % sites;
    for (int axis = 0; axis < 3; ++axis) {
      add_spin_product(op, 1, "J", {axis, i}, {axis, j});
      const int next = (axis + 1) % 3, last = (axis + 2) % 3;
      if (d[axis] == 0) continue;
      add_spin_product(op, d[axis], "D", {next, i}, {last, j});
      add_spin_product(op, -d[axis], "D", {last, i}, {next, j});
    }
  }
  return op;
}

// Ring of spinless fermions that encloses a flux: sum -t (e^(i flux / sites) c+_i+1 c_i + h.c.) + V n_i n_i+1.
inline Operator flux_ring(int sites, double flux) {
  Operator op{"flux_ring", "t", sites, {}, {}};
  const std::complex<double> phase = std::polar(1.0, flux / sites);
  for (int i = 0; i < sites; ++i) {
    const int j = (i + 1) % sites;
    op.add(-phase, "t", {{Factor::create, j}, {Factor::annihilate, i}});
    op.add(-std::conj(phase), "t", {{Factor::create, i}, {Factor::annihilate, j}});
    op.add(1, "V", {{Factor::number, i}, {Factor::number, j}});
  }
  return op;
}

// One problem on a chain with the Hamiltonian `op`.
inline ProblemFamily family_of(const Operator& op, SectorOptions sector, const std::map<std::string, double>& named) {
  SystemOptions options;
  options.lattice = {"chain", {op.modes}, {Boundary::periodic}};
  options.sector = sector;
  options.sector.sites = op.modes;
  options.model = sector.kind == SectorKind::spin_half ? sector.up < 0 ? "tfim" : "heisenberg" : "tv";
  ProblemFamily family = build_family(options);
  family.hamiltonian = op;
  family.table = TermTable(op);
  Problem& problem = family.problems[0];
  problem.named = named;
  problem.couplings = op.coupling_values(named);
  problem.infinite_temperature_energy = infinite_temperature_energy(op, problem.sector, problem.couplings);
  return family;
}

inline ProblemFamily dm_family(int sites, int up, const std::array<double, 3>& d) {
  return family_of(dm_ring(sites, d), {.kind = SectorKind::spin_half, .sites = sites, .up = up}, {{"J", 1}, {"D", 0.7}});
}
inline ProblemFamily flux_family(int sites, int particles, double flux, double v) {
  return family_of(flux_ring(sites, flux), {.kind = SectorKind::spinless_fermions, .sites = sites, .up = particles}, {{"t", 1}, {"V", v}});
}

}  // namespace qs::test

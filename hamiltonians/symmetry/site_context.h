// Inside hamiltonians/symmetry: how permutations of sites act on the states of a family, and its wave vectors.
#pragma once

#include <complex>
#include <vector>

#include "hamiltonians/problem.h"
#include "hamiltonians/sign_rule.h"
#include "hamiltonians/symmetry/state_map.h"

namespace qs {

// exp(2 pi i turns), exact at quarters of a turn.
std::complex<double> phase_of(double turns);
inline std::complex<double> unit_root(int power, int order) { return phase_of(double(power) / order); }

// How permutations of sites act on the states of a family.
struct SiteContext {
  SiteContext(const ProblemFamily& family, SignRule sign_rule);
  // winding: of the sites on their way, empty if no seam is crossed.
  StateMap on_states(const std::vector<int>& sites, const std::vector<CellVector>& winding) const;
  bool antiperiodic(int axis) const { return lattice.has_cells() && lattice.options().boundary[axis] == Boundary::antiperiodic; }

  const Lattice& lattice;
  SectorKind kind;
  std::vector<int> rotated;  // [sites]: 1 on sublattice B of a rotated basis; empty: not rotated
  int parity = -1;           // of the occupied modes of all problems; -1: not conserved, or not the same
};

// k.a_i / 2 pi; throws SymmetryError if the lattice has no such wave vector.
Vector3 reduced_momentum(const SiteContext& context, const std::vector<int>& momentum);

// Throws SymmetryError for a graph.
void require_cells(const SiteContext& context, const char* key);

}  // namespace qs

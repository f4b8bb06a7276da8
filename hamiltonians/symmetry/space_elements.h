// Inside hamiltonians/symmetry: the spatial part of a sector, translations and the little group of a momentum.
#pragma once

#include <complex>
#include <string>
#include <vector>

#include "hamiltonians/problem.h"
#include "hamiltonians/sign_rule.h"
#include "hamiltonians/symmetry/point_group.h"
#include "hamiltonians/symmetry/space_group.h"
#include "hamiltonians/symmetry/symmetry_sector.h"
#include "hamiltonians/symmetry/term_invariance.h"

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

struct LittleGroup {
  std::string words;          // "C4v about site 0"
  std::vector<SiteMap> maps;  // one for each element of the irreps
  std::vector<Irrep> irreps;
  // point: chi(T_R p) = exp(-i k.R) chi(p). whole: maps and characters are those of translations and points together, for groups with glides at the
  // edge of the zone, where the former is wrong.
  enum class Of { point, whole } of = Of::point;
};
// `momentum` empty: of the points about one centre, without translations. Terms that break an element leave it out.
LittleGroup little_group(const SiteContext& context, const TermInvariance& terms, const std::vector<int>& momentum);

struct SpaceSector {
  std::vector<SymmetrySector::Element> elements;
  int dimension = 1;
  std::string words;
};
SpaceSector space_sector(const SiteContext& context, const TermInvariance& terms, const SymmetryOptions& options);

}  // namespace qs

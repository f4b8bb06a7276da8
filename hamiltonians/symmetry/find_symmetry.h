// From what the input asks for to a sector of the symmetry group of a family: elements found on the lattice, checked against the terms, and their
// characters.
#pragma once

#include <memory>

#include "hamiltonians/problem.h"
#include "hamiltonians/sign_rule.h"
#include "hamiltonians/symmetry/symmetry_sector.h"

namespace qs {

// `sign_rule`: that of the Hamiltonian, whose basis is rotated; characters belong to the state itself. Throws SymmetryError where the lattice has no
// such element, the terms do not have the symmetry (the message names one), or there is no such irrep (the message lists those there are).
SymmetrySector find_symmetry(const ProblemFamily& family, const SymmetryOptions& options, SignRule sign_rule);
// A sector of one dimension, of a subgroup, with each level of the irrep once and none of others: what exact diagonalisation can use. Of an irrep of
// one dimension, itself.
SymmetrySector find_one_row(const ProblemFamily& family, const SymmetryOptions& options, SignRule sign_rule);

// All irreps of the little group of `options.momentum` (of the point group without translations if it is empty), each with a name.
struct PointIrreps {
  std::string group;  // "C4v about site 0"
  std::vector<std::string> names;
};
PointIrreps point_irreps(const ProblemFamily& family, const SymmetryOptions& options, SignRule sign_rule);

}  // namespace qs

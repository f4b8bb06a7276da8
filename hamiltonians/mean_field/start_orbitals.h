// Which mean field a determinant starts from, and its orbitals for every problem of a family.
#pragma once

#include <vector>

#include "hamiltonians/mean_field/hartree_fock.h"
#include "hamiltonians/mean_field/orbital_start.h"
#include "hamiltonians/problem.h"

namespace qs {

// The mean field of problem g from one seed; `lowest`: of least energy of those that the lattice has, converged and with closed shells; within 1e-9
// of the energy the one that comes first. InputError where there is none: no such seed on the lattice, not converged, or an open shell, which is
// named.
MeanField mean_field(const ProblemFamily& family, int g, MeanFieldSeed seed);

// What `lowest` stands for. One problem: the seed of least energy. Several: uniform, one decision for all, because the lowest of each would jump from
// branch to branch with the couplings; symmetries are then broken where the Hamiltonian breaks them.
MeanFieldSeed resolved_seed(const ProblemFamily& family, MeanFieldSeed seed);

// [problems][modes * columns], the columns beyond a problem's particles zero (particles beyond the columns have none). Scaled to a mean square of 1
// over the modes of the orbital's spin, the size of random orbitals, which multiplies the determinant by a constant. `start`: not random. InputError
// as above, and for complex orbitals.
std::vector<std::vector<double>> start_orbitals(const ProblemFamily& family, const StartOrbitals& start);

}  // namespace qs

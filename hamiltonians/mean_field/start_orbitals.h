// Which mean field a determinant starts from, and its orbitals for every problem of a family.
#pragma once

#include <vector>

#include "hamiltonians/mean_field/hartree_fock.h"
#include "hamiltonians/problem.h"

namespace qs {

// random: from no mean field. free: the orbitals of the hops and fields. hartree_fock: self-consistent ones.
enum class OrbitalStart { random, free, hartree_fock };

// The field that a self-consistency begins with: none; +-0.5 on the sublattices; +-0.3 on the sublattices and opposite for the spins; rows that
// alternate along one axis (every axis is tried), +-0.5 without spin, +-0.3 and opposite for the spins with it. In units of the largest hop.
enum class MeanFieldSeed { lowest, uniform, cdw, neel, stripe };

const char* word_for(MeanFieldSeed seed);

struct StartOrbitals {
  OrbitalStart start = OrbitalStart::random;
  MeanFieldSeed seed = MeanFieldSeed::lowest;
  int columns = 0;  // orbitals that the network has
};

// The mean field of problem g from one seed; `lowest`: of least energy of those that the lattice has, converged and with closed shells; within 1e-9
// of the energy the one that comes first. InputError where there is none: no such seed on the lattice, not converged, or an open shell, which is
// named.
MeanField mean_field(const ProblemFamily& family, int g, MeanFieldSeed seed);

// What `lowest` stands for. One problem: the seed of least energy. Several: uniform, one decision for all, because the lowest of each would jump from
// branch to branch with the couplings; symmetries are then broken where the Hamiltonian breaks them.
MeanFieldSeed resolved_seed(const ProblemFamily& family, MeanFieldSeed seed);

// [problems][modes * columns], the columns beyond a problem's particles zero. Scaled to a mean square of 1 over the modes of the orbital's spin, the
// size of random orbitals, which multiplies the determinant by a constant. `start`: not random. InputError as above, and for complex orbitals.
std::vector<std::vector<double>> start_orbitals(const ProblemFamily& family, const StartOrbitals& start);

}  // namespace qs

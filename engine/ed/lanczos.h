// Exact diagonalisation: lowest states of a Hermitian Operator in a Sector, matrix-free (Spectra's restarted Lanczos, dense below 200 states).
#pragma once

#include <algorithm>
#include <complex>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/ed/sector_operator.h"
#include "hamiltonians/problem.h"

namespace qs {

struct EdOptions {
  int states = 1;             // lowest k, degenerate levels as often as they occur; of the lowest level always all
  double tolerance = 1e-10;   // on the residual |H x - E x|, relative to max(1, s - E) with s one above the k-th smallest diagonal element
  int max_iterations = 1000;  // restarts
  std::int64_t memory_limit = std::int64_t{16} << 30;  // bytes; refuse beforehand when the estimate exceeds it
  std::uint64_t seed = 1;
};

// The k lowest states, more where the lowest level has more.
struct EdResult {
  std::vector<double> energies;   // ascending, [k]
  std::vector<double> residuals;  // |H x - E x|, [k]
  // [k][dimension], orthonormal, sign or phase fixed: largest |amplitude| positive (first index on ties). Of a real Hamiltonian the first list, of
  // a complex one, or of an irrep with complex characters, the second; the other is empty.
  std::vector<std::vector<double>> states;
  std::vector<std::vector<std::complex<double>>> complex_states;
  int degeneracy = 1;             // of the lowest level: states 0 to degeneracy - 1, an arbitrary basis of it. Levels are told apart from 1e-9 |E| on
  std::optional<double> gap;      // from the lowest level to the next; none if the sector has no other
  std::int64_t dimension = 0;     // of the sector
  std::int64_t block = 0;         // of the irrep that was searched; without one, the dimension
  std::int64_t applications = 0;  // of H

  std::int64_t kept_states() const { return static_cast<std::int64_t>(std::max(states.size(), complex_states.size())); }
  // State k, whichever list it is in.
  std::vector<std::complex<double>> amplitudes(int k) const;
};

// States among which the lowest ones are sought: those of the family's irrep, or all of the problem's sector.
std::int64_t block_dimension(const ProblemFamily& family, const Sector& sector);

// Bytes of an amplitude of the exact states: 8 if the Hamiltonian and the irrep are real, else 16.
std::int64_t amplitude_bytes(const ProblemFamily& family);
// Bytes per rank that diagonalise() will need; more states of the lowest level than were asked for come on top.
std::int64_t ed_memory(std::int64_t dimension, const EdOptions& options, std::int64_t amplitude_bytes = sizeof(double));

// Of one irrep only if family.symmetry names it; states are unfolded to the whole sector. Collective; every rank returns the same bits.
// `progress(applications)` may be empty. Throws InputError if the sector cannot be enumerated, has fewer states than asked for or none of the irrep,
// MemoryError if ed_memory() or the lowest level exceeds the limit, NumericalError if Lanczos does not converge.
EdResult diagonalise(const ProblemFamily& family, int problem, const EdOptions& options, Communicator& comm,
                     const std::function<void(std::int64_t)>& progress = {});
// <x|O|x> in the sector for a Hermitian observable (couplings all 1).
double expectation(const TermTable& op, const Sector& sector, const std::vector<double>& x, Communicator& comm);
double expectation(const TermTable& op, const Sector& sector, const std::vector<std::complex<double>>& x, Communicator& comm);
// Its mean over the states of the lowest level, which does not depend on their basis.
double ground_level_expectation(const TermTable& op, const Sector& sector, const EdResult& exact, Communicator& comm);

}  // namespace qs

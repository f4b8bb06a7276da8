// E_loc(sigma) = sum_sigma' <sigma|H|sigma'> psi(sigma') / psi(sigma): only non-zero elements, equal sigma' merged.
#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/sampling/sample_set.h"
#include "engine/wavefunctions/wavefunction.h"
#include "hamiltonians/problems.h"

namespace qs {

// Values of the couplings of the Hamiltonian, for every problem.
std::vector<std::vector<double>> couplings_of(const Problems& problems);

// couplings[g]: values for the operator's couplings in problem g. Local rows only, no communication (Metropolis and exact sum alike).
std::vector<std::complex<double>> local_estimates(const TermTable& op, const std::vector<std::vector<double>>& couplings, const Wavefunction& psi,
                                                  const SampleSet& samples);
// The Hamiltonian of every problem.
std::vector<std::complex<double>> local_energies(const Problems& problems, const Wavefunction& psi, const SampleSet& samples);
// The same on an exact sum over the whole basis: log psi of connected states is looked up instead of evaluated. Collective.
std::vector<std::complex<double>> local_estimates_exact(Communicator& comm, const TermTable& op, const std::vector<std::vector<double>>& couplings,
                                                        const ProblemFamily& family, const SampleSet& samples);
std::vector<std::complex<double>> local_energies_exact(Communicator& comm, const Problems& problems, const SampleSet& samples);

// (O x)_i at my rows of an exact sum. x: over the bases of all problems, one after the other, on every rank. Local; only the rows of `samples`
// matter.
std::vector<std::complex<double>> apply_exact(const TermTable& op, const std::vector<std::vector<double>>& couplings, const ProblemFamily& family,
                                              const SampleSet& samples, std::span<const std::complex<double>> x);
// (H x)_i, H of its problem.
std::vector<std::complex<double>> apply_hamiltonian_exact(const Problems& problems, const SampleSet& samples,
                                                          std::span<const std::complex<double>> x);

}  // namespace qs

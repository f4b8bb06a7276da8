// Local estimates where the wavefunction computes: rows go there, their connected ones are listed, evaluated and summed there, sums come back.
#pragma once

#include <complex>
#include <cstddef>
#include <vector>

#include "engine/sampling/sample_set.h"
#include "engine/wavefunctions/wavefunction.h"
#include "hamiltonians/term_table.h"

namespace qs {

// estimate[i] += sum of <s|O|s'> psi(s') / psi(s) over the off-diagonal elements of row i, in the order of the operator's groups.
void add_connected_on_device(const TermTable& op, const std::vector<std::vector<double>>& couplings, const Wavefunction& psi,
                             const SampleSet& samples, std::vector<std::complex<double>>& estimate);

// Bytes that it takes at a time, with `problems` sets of couplings and chunks of chunk_rows configurations.
std::size_t connected_memory(const TermTable& op, int problems, int chunk_rows);

}  // namespace qs

// Operator -> elementary terms: the one place that multiplies out spin and fermion factors.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "hamiltonians/operator.h"

namespace qs {

// <sigma| term |sigma ^ flip> = value * coupling * (-1)^popcount(sigma & string) if (sigma & mask) == pattern, else 0.
// string and mask are disjoint: known bits are already part of the sign of `value`.
struct CompiledTerm {
  std::vector<Word> flip, mask, pattern, string;  // [words] each
  std::int32_t coupling = 0;
  std::complex<double> value = 0;
};

// Sorted by (flip, coupling, string, mask, pattern); equal terms are summed, terms that cancel are dropped, and so are real or imaginary parts.
std::vector<CompiledTerm> compile_terms(const Operator& op);

// Whether every matrix element is real, whatever the couplings are: i (S+ - S-) is not, the square of it is, and so is a hop with a phase of pi.
bool is_real(const Operator& op);

}  // namespace qs

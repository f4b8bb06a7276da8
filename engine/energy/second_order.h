// H psi and H^2 psi at samples, for a Lanczos step: sums over the neighbours of neighbours, each evaluated once.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/sampling/sample_set.h"
#include "engine/wavefunctions/wavefunction.h"
#include "hamiltonians/problem.h"

namespace qs {

// K = (H - energy) / scale has mean 0 and variance 1 in the state that both were taken from, so its powers lose no digits.
struct EnergyScale {
  double energy = 0, scale = 1;
};

struct SecondOrder {
  std::vector<std::complex<double>> first, second;  // [my rows]: <s|K psi> / psi(s), <s|K^2 psi> / psi(s)
  // [my rows]: its mean over |psi|^2 is the part of <K psi|K psi> / <psi|psi> on states z where psi is zero, which samples never visit. Row s holds
  // |K psi(z)|^2 / sum |psi(s')|^2 for each neighbour z, with the sum over all neighbours s' of z.
  std::vector<double> onto_zeros;
  std::int64_t evaluations = 0;  // of log psi, on this rank
};

// scales [problems]. Values of a row depend on the row alone. Local rows, no communication.
SecondOrder second_order(const ProblemFamily& family, std::span<const EnergyScale> scales, const Wavefunction& psi, const SampleSet& samples);

// Bytes of the lists and amplitudes that are kept at a time.
std::int64_t second_order_memory(const TermTable& op);

}  // namespace qs

// Second Renyi entropies S2 = -ln Tr rho_A^2, natural logarithm, by swap between independent chains (Hastings, Gonzalez, Kallin, Melko, Phys. Rev.
// Lett. 104, 157201 (2010), arXiv 1001.2335).
#pragma once

#include <cstdint>
#include <vector>

#include "engine/stages/exact_states.h"
#include "engine/stages/measurements.h"
#include "engine/stages/stage.h"

namespace qs {

struct Renyi2Options {
  std::vector<std::vector<int>> regions;  // sites of A, once for each value
  std::int64_t pairings = 0;              // partners of each chain; 0: all chains of the other half
};

// One value per region and problem. Of an exact sum from the reduced density matrix. Of chains: those of the first half with those of the second, at
// equal times; Tr rho_A^2 = P = <psi(n'_A n_B) psi(n_A n'_B) / (psi(n) psi(n'))>, S2 = -ln Re P. One pair has the variance 1 - P^2, so that the
// relative error of P is about e^S2 / sqrt(pairs): a value is doubted where that, or what the pairs say of it, exceeds 1/4. Collective.
ObservableValues measure_renyi2(const StageContext& context, const Renyi2Options& options, const SampleSet& samples);

// [problems][regions] of the exact ground states; NaN where the lowest level has several, whose entropies depend on the state. Collective.
std::vector<std::vector<double>> exact_renyi2(const ProblemFamily& family, const Renyi2Options& options, ExactStates& exact);

}  // namespace qs

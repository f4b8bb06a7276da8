// How many connected configurations a sample has, for plans.
#pragma once

#include "hamiltonians/problem.h"

namespace qs {

// The average over a few random-looking states of the sector.
double connected_per_sample(const ProblemFamily& family, const Problem& problem);

}  // namespace qs

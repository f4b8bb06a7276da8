// Weights that turn rows into means over |psi|^2.
#pragma once

#include <span>

#include "engine/comm/communicator.h"
#include "engine/sampling/sample_set.h"

namespace qs {

// weight *= exp(log_weight), then every problem's weights are divided by their sum. log_weight [my rows]: -inf where psi is zero (weight 0). The same
// bits on any number of ranks. Throws NumericalError if psi is zero on every row of a problem. Collective.
void reweight(Communicator& comm, std::span<const double> log_weight, SampleSet& samples);

// The same with |psi|^2, from samples.log_psi: for all basis states, and for rows drawn with probability q that come with weight 1/q.
void reweight_by_psi(Communicator& comm, SampleSet& samples);

}  // namespace qs

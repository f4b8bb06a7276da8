// Weights that turn rows into means over |psi|^2.
#pragma once

#include "engine/comm/communicator.h"
#include "engine/sampling/sample_set.h"

namespace qs {

// weight *= |psi|^exponent, then every problem's weights are divided by their sum. From samples.log_psi (-inf: weight 0). exponent 2 for all basis
// states and for rows drawn with probability q that come with weight 1/q; 2 - p for samples of |psi|^p. The same bits on any number of ranks.
// Throws NumericalError if psi is zero on every row of a problem. Collective.
void reweight(Communicator& comm, double exponent, SampleSet& samples);

}  // namespace qs

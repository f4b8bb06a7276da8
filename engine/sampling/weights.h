// Weights that turn rows into means over |psi|^2.
#pragma once

#include "engine/comm/communicator.h"
#include "engine/sampling/sample_set.h"

namespace qs {

// weight = |psi|^exponent / sum over the rows of its problem, from samples.log_psi (-inf: weight 0). exponent 2 for all basis states; 2 - p for
// samples of |psi|^p. The same bits on any number of ranks. Throws NumericalError if psi is zero on every row of a problem. Collective.
void set_weights(Communicator& comm, double exponent, SampleSet& samples);

}  // namespace qs

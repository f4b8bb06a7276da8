// Lanczos steps over the whole basis: H in the orthonormal Krylov space of psi. Any number of steps is safe, and zeros of psi are states like others.
#pragma once

#include <vector>

#include "engine/comm/communicator.h"
#include "engine/sampling/sample_set.h"
#include "hamiltonians/problem.h"

namespace qs {

struct KrylovSpace {
  // H is tridiagonal: diagonal[k] of vector k, coupling[k] to vector k + 1; the last coupling leads out of the space.
  std::vector<double> diagonal, coupling;             // [steps + 1]
  std::vector<std::vector<double>> overlap_on_zeros;  // [steps + 1, steps + 1]: Re of the vectors' overlaps, summed where psi is zero

  struct State {
    double energy, variance;
    std::vector<double> coefficients;  // of the vectors
    double zeros;                      // weight where psi is zero
  };
  State lowest(int steps) const;  // of span{psi, ..., H^steps psi}
  double skewness() const;        // <(H - E)^3> / Var^(3/2)
};

// One for each problem; `samples` of an exact sum. Where H does not lead out of a space, couplings are 0 and the rest is not used. Collective.
std::vector<KrylovSpace> krylov_spaces(Communicator& comm, const ProblemFamily& family, const SampleSet& samples, int steps);

}  // namespace qs

// Local values of samples -> one estimate per problem, over all ranks.
#pragma once

#include <complex>
#include <string>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/sampling/sample_set.h"
#include "engine/sampling/sampler.h"
#include "engine/statistics/diagnosis.h"
#include "engine/statistics/estimate.h"
#include "engine/wavefunctions/wavefunction.h"
#include "hamiltonians/problems.h"

namespace qs {

enum class SamplerKind { metropolis, exact_sum };

struct SamplerOptions {
  SamplerKind kind = SamplerKind::metropolis;
  MetropolisOptions metropolis = {};
};

std::unique_ptr<Sampler> make_sampler(const SamplerOptions& options, const Problems& problems, Communicator& comm, RandomKey key);

// E_loc of the Hamiltonians on samples of either kind. Collective.
std::vector<std::complex<double>> sampled_energies(Communicator& comm, const Problems& problems, const Wavefunction& psi, const SampleSet& samples);

// O_loc of an observable, with its couplings in each problem, on samples of either kind. Collective.
std::vector<std::complex<double>> sampled_values(Communicator& comm, const TermTable& op, const std::vector<std::vector<double>>& couplings,
                                                 const ProblemFamily& family, const Wavefunction& psi, const SampleSet& samples);

// One estimate per problem; the same bits on every rank. `quantity` names the values in errors: a non-finite value is a NumericalError
// that says rank-independently which row (chain), problem and quantity it is. Collective.
std::vector<Estimate> estimate(Communicator& comm, const SampleSet& samples, const std::vector<std::complex<double>>& values,
                               const std::string& quantity);

// A mean and whether its error can be trusted.
struct Judged {
  Estimate estimate;
  Diagnosis diagnosis;
};
// estimate() and diagnose(), `quantities` being judged together. Values of exact sums are above doubt. Collective.
std::vector<Judged> judge(Communicator& comm, const SampleSet& samples, const std::vector<std::complex<double>>& values, const std::string& quantity,
                          int quantities);
// drift() of Markov chains, per problem. Collective.
std::vector<Drift> drifts_of(Communicator& comm, const SampleSet& samples, const std::vector<std::complex<double>>& values,
                             const std::string& quantity, int quantities);

// values - mean of their own problem: the residual of the energy gradient.
std::vector<std::complex<double>> centred(const SampleSet& samples, std::vector<std::complex<double>> values, const std::vector<Estimate>& estimates);

}  // namespace qs

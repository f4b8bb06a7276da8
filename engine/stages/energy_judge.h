// Judges trial steps by the energy, mean over the problems, of several lattices per site: exactly where the whole sector is summed, else on the
// samples that are there, reweighted to the trial's |psi|^2. Differences on the same samples are known to a fraction of the error of the energy
// itself.
#pragma once

#include <complex>
#include <memory>
#include <span>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/optimize/step_judge.h"
#include "engine/sampling/sampler.h"
#include "engine/statistics/estimate.h"
#include "engine/wavefunctions/wavefunction.h"
#include "hamiltonians/problems.h"

namespace qs {

// What a step starts from; all of it must outlive the judge.
struct EnergyStep {
  Communicator& comm;
  Problems problems;
  Wavefunction& psi;
  Sampler& sampler;  // of the exact sum: evaluates the trial
  const std::vector<double>& parameters;
  const SampleSet& samples;
  const std::vector<std::complex<double>>& local;  // E_loc of my rows
  const std::vector<Estimate>& energy;             // per problem
};

// Collective.
std::unique_ptr<StepJudge> make_energy_judge(const EnergyStep& step);

}  // namespace qs

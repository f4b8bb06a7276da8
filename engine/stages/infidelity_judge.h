// Judges trial steps of a pretraining by the infidelity 1 - |z|^2, mean over the problems, on the rows of the step: exact for what those rows see.
#pragma once

#include <complex>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/optimize/step_judge.h"
#include "engine/sampling/sample_set.h"
#include "engine/stages/trial.h"
#include "engine/wavefunctions/wavefunction.h"

namespace qs {

class InfidelityJudge final : public StepJudge {
 public:
  // evidence: exact or drawn; parameters: those psi has; target: phi at my rows. All references must outlive the judge. Collective.
  InfidelityJudge(Evidence evidence, Communicator& comm, Wavefunction& psi, const std::vector<double>& parameters, const SampleSet& samples,
                  const std::vector<std::complex<double>>& target);

  Evidence evidence() const override { return evidence_; }
  double loss() const override;
  double tolerance() const override;
  std::optional<TangentModel> model(std::span<const double> image) override;
  Achieved achieved(std::span<const double> parameters) override;
  double distance(std::span<const double> parameters) override;

 private:
  std::vector<std::complex<double>> log_ratios_at(std::span<const double> parameters);

  Evidence evidence_;
  Communicator& comm_;
  Wavefunction& psi_;
  const std::vector<double>& parameters_;
  const SampleSet& samples_;
  AllRows rows_;
  std::vector<std::complex<double>> log_psi_;
  std::vector<std::complex<double>> ratio_;    // A = phi / psi of all rows, sum w |A|^2 = 1 for every problem: <u|phi> = sum w A
  std::vector<std::complex<double>> overlap_;  // per problem
};

}  // namespace qs

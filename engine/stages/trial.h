// What the judges of energies and infidelities share: evaluating psi at trial parameters, and how far it moved.
#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/sampling/sample_set.h"
#include "engine/wavefunctions/wavefunction.h"

namespace qs {

// psi at other parameters while it lives.
class AtParameters {
 public:
  AtParameters(Wavefunction& psi, std::span<const double> trial, std::span<const double> own) : psi_(psi), own_(own) { psi.set_parameters(trial); }
  ~AtParameters() { psi_.set_parameters(own_); }
  AtParameters(const AtParameters&) = delete;
  AtParameters& operator=(const AtParameters&) = delete;

 private:
  Wavefunction& psi_;
  std::span<const double> own_;
};

// Weighted rows of all ranks, in global order.
struct AllRows {
  int problems = 1;
  std::vector<std::int32_t> problem;
  std::vector<double> weight;  // of every problem they sum to 1; rows of weight 0 are ignored whatever they hold
};

// Collective.
AllRows all_rows(Communicator& comm, const SampleSet& samples);

// log psi' - log psi, phases in (-pi, pi].
std::vector<std::complex<double>> log_ratios(std::span<const std::complex<double>> after, std::span<const std::complex<double>> before);

// Root mean square over the problems of the standard deviation of log psi'/psi: for small changes the Fubini-Study length. Infinite if a ratio is not
// finite.
double path_length(const AllRows& rows, std::span<const std::complex<double>> log_ratio);

// D_i = sum_k (O_ik - <O_k>) d_k from the image X d (optimizer.h), whose rows are sqrt(w/G) D_i; 0 for rows of weight 0.
std::vector<std::complex<double>> relative_change(const AllRows& rows, std::span<const double> image);

// Rounding of a difference of two losses of this size, from that of log psi.
double loss_tolerance(Precision precision, double loss);

}  // namespace qs

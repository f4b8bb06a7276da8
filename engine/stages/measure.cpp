#include "engine/stages/measure.h"

#include <cmath>
#include <utility>

#include "engine/energy/local_energy.h"
#include "kernels/api/error.h"

namespace qs {
namespace {

// Values and weights of one problem, in global row order.
struct ProblemRows {
  std::vector<std::int64_t> number;  // global
  std::vector<std::complex<double>> values;
  std::vector<double> weights;
};

std::vector<ProblemRows> by_problem(Communicator& comm, const SampleSet& samples, const std::vector<std::complex<double>>& values) {
  const auto all_values = gather_rows(comm, values);
  const auto all_weights = gather_rows(comm, samples.weight);
  const auto all_problems = gather_rows(comm, samples.rows.problem);
  std::vector<ProblemRows> rows(samples.problems);
  for (std::size_t i = 0; i < all_values.size(); ++i) {
    rows[all_problems[i]].number.push_back(static_cast<std::int64_t>(i));
    rows[all_problems[i]].values.push_back(all_values[i]);
    rows[all_problems[i]].weights.push_back(all_weights[i]);
  }
  return rows;
}

void require_finite(const SampleSet& samples, const ProblemRows& rows, int problem, const std::string& quantity) {
  for (std::size_t i = 0; i < rows.values.size(); ++i) {
    if (std::isfinite(rows.values[i].real()) && std::isfinite(rows.values[i].imag())) continue;
    if (rows.weights[i] == 0) continue;  // a state with psi = 0 in an exact sum carries no weight
    const std::string chain = samples.markov ? ", sample of chain " + std::to_string(static_cast<std::int64_t>(i) / samples.samples_per_chain)
                                             : ", basis state " + std::to_string(i);
    throw NumericalError("non-finite " + quantity + " at row " + std::to_string(rows.number[i]) + chain + " of problem " + std::to_string(problem) +
                         " (the wavefunction or its ratios overflowed); lower optimizer.lr or raise optimizer.diag_shift");
  }
}

}  // namespace

std::unique_ptr<Sampler> make_sampler(const SamplerOptions& options, const ProblemFamily& family, Communicator& comm, RandomKey key) {
  if (options.kind == SamplerKind::exact_sum) return make_exact_sum(family, comm);
  return make_metropolis(options.metropolis, family, comm, key);
}

std::vector<std::complex<double>> sampled_energies(Communicator& comm, const ProblemFamily& family, const Wavefunction& psi,
                                                   const SampleSet& samples) {
  if (samples.markov) return local_energies(family, psi, samples);
  std::vector<std::vector<double>> couplings;
  for (const Problem& problem : family.problems) couplings.push_back(problem.couplings);
  return local_estimates_exact(comm, family.table, couplings, family, samples);
}

std::vector<std::complex<double>> sampled_values(Communicator& comm, const TermTable& op, int couplings, const ProblemFamily& family,
                                                 const Wavefunction& psi, const SampleSet& samples) {
  const std::vector<std::vector<double>> ones(family.size(), std::vector<double>(couplings, 1.0));
  if (samples.markov) return local_estimates(op, ones, psi, samples);
  return local_estimates_exact(comm, op, ones, family, samples);
}

std::vector<Estimate> estimate(Communicator& comm, const SampleSet& samples, const std::vector<std::complex<double>>& values,
                               const std::string& quantity) {
  const std::vector<ProblemRows> rows = by_problem(comm, samples, values);
  std::vector<Estimate> estimates;
  for (int g = 0; g < samples.problems; ++g) {
    require_finite(samples, rows[g], g, quantity);
    if (samples.markov) {
      const auto count = static_cast<std::int64_t>(rows[g].values.size());
      estimates.push_back(estimate_chains(rows[g].values, rows[g].weights, count / samples.samples_per_chain, samples.samples_per_chain));
    } else {
      estimates.push_back(estimate_exact(rows[g].values, rows[g].weights));
    }
  }
  return estimates;
}

std::vector<std::complex<double>> centred(const SampleSet& samples, std::vector<std::complex<double>> values,
                                          const std::vector<Estimate>& estimates) {
  for (std::size_t i = 0; i < values.size(); ++i) values[i] -= estimates[samples.rows.problem[i]].mean;
  return values;
}

}  // namespace qs

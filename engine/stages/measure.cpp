#include "engine/stages/measure.h"

#include <cmath>
#include <utility>

#include "engine/base/error.h"
#include "engine/energy/local_energy.h"
#include "engine/sampling/equal_samples.h"

namespace qs {
namespace {

constexpr double rounding = 1e-12;  // relative, of a sum of local energies in float64

// Values and weights of one problem, in global row order.
struct ProblemRows {
  std::vector<std::int64_t> number;  // global
  std::vector<std::complex<double>> values;
  std::vector<double> weights;
};

// Equal samples share one evaluation: the value of a row does not depend on its neighbours, so nothing else changes, not by a bit.
template <class Values>
std::vector<std::complex<double>> once_each(Communicator& comm, const Problems& problems, const SampleSet& samples, const Values& values_of) {
  if (!many_are_equal(problems, samples)) return values_of(samples);
  const DistinctSamples once = distinct_samples(comm, samples);
  std::vector<std::complex<double>> values;
  on_all(comm, [&] { values = values_of(once.samples); });
  return once.spread(comm, values);
}

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

std::vector<ProblemRows> finite_by_problem(Communicator& comm, const SampleSet& samples, const std::vector<std::complex<double>>& values,
                                           const std::string& quantity) {
  std::vector<ProblemRows> rows = by_problem(comm, samples, values);
  for (int g = 0; g < samples.problems; ++g) require_finite(samples, rows[g], g, quantity);
  return rows;
}

std::int64_t chains_of(const SampleSet& samples, const ProblemRows& rows) {
  return static_cast<std::int64_t>(rows.values.size()) / samples.samples_per_chain;
}

Estimate estimate_of(const SampleSet& samples, const ProblemRows& rows) {
  if (!samples.markov) return estimate_exact(rows.values, rows.weights);
  return estimate_chains(rows.values, rows.weights, chains_of(samples, rows), samples.samples_per_chain);
}

}  // namespace

std::unique_ptr<Sampler> make_sampler(const SamplerOptions& options, const Problems& problems, Communicator& comm, RandomKey key) {
  if (options.kind == SamplerKind::exact_sum) return make_exact_sum(problems, comm);
  return make_metropolis(options.metropolis, problems, comm, key);
}

std::vector<std::complex<double>> sampled_energies(Communicator& comm, const Problems& problems, const Wavefunction& psi, const SampleSet& samples) {
  if (!samples.markov) return local_energies_exact(comm, problems, samples);
  return once_each(comm, problems, samples, [&](const SampleSet& rows) { return local_energies(problems, psi, rows); });
}

std::vector<std::complex<double>> sampled_values(Communicator& comm, const TermTable& op, const std::vector<std::vector<double>>& couplings,
                                                 const ProblemFamily& family, const Wavefunction& psi, const SampleSet& samples) {
  if (!samples.markov) return local_estimates_exact(comm, op, couplings, family, samples);
  return once_each(comm, family, samples, [&](const SampleSet& rows) { return local_estimates(op, couplings, psi, rows); });
}

std::vector<Estimate> estimate(Communicator& comm, const SampleSet& samples, const std::vector<std::complex<double>>& values,
                               const std::string& quantity) {
  std::vector<Estimate> estimates;
  for (const ProblemRows& rows : finite_by_problem(comm, samples, values, quantity)) estimates.push_back(estimate_of(samples, rows));
  return estimates;
}

std::vector<Judged> judge(Communicator& comm, const SampleSet& samples, const std::vector<std::complex<double>>& values, const std::string& quantity,
                          int quantities) {
  std::vector<Judged> judged;
  for (const ProblemRows& rows : finite_by_problem(comm, samples, values, quantity)) {
    Judged& each = judged.emplace_back(Judged{.estimate = estimate_of(samples, rows), .diagnosis = {}});
    // An eigenvalue is the same on every configuration but for rounding, whose autocorrelations mean nothing.
    const bool constant = each.estimate.variance <= std::norm(rounding * each.estimate.mean);
    if (!samples.markov || constant) continue;
    each.diagnosis =
        diagnose(deviations(rows.values, rows.weights, each.estimate.mean), chains_of(samples, rows), samples.samples_per_chain, quantities);
  }
  return judged;
}

std::vector<Drift> drifts_of(Communicator& comm, const SampleSet& samples, const std::vector<std::complex<double>>& values,
                             const std::string& quantity, int quantities) {
  std::vector<Drift> drifts;
  for (const ProblemRows& rows : finite_by_problem(comm, samples, values, quantity)) {
    const std::complex<double> mean = estimate_exact(rows.values, rows.weights).mean;
    drifts.push_back(drift(deviations(rows.values, rows.weights, mean), chains_of(samples, rows), samples.samples_per_chain, quantities));
  }
  return drifts;
}

std::vector<std::complex<double>> centred(const SampleSet& samples, std::vector<std::complex<double>> values,
                                          const std::vector<Estimate>& estimates) {
  for (std::size_t i = 0; i < values.size(); ++i) values[i] -= estimates[samples.rows.problem[i]].mean;
  return values;
}

}  // namespace qs

#include "engine/sampling/weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <vector>

#include "engine/base/error.h"

namespace qs {
namespace {

constexpr double no_weight = -std::numeric_limits<double>::infinity();

// Per problem, over all ranks: subtracted before exp, which could overflow otherwise.
std::vector<double> largest_of(Communicator& comm, std::span<const double> log_weight, const SampleSet& samples) {
  std::vector<double> largest(samples.problems, no_weight);
  for (std::int64_t i = 0; i < samples.rows.rows(); ++i) {
    double& best = largest[samples.rows.problem[i]];
    best = std::max(best, log_weight[i]);
  }
  const std::vector<double> all = comm.all_gather<double>(largest);
  for (std::size_t i = 0; i < all.size(); ++i) largest[i % samples.problems] = std::max(largest[i % samples.problems], all[i]);
  for (int g = 0; g < samples.problems; ++g) {
    if (largest[g] == no_weight) throw NumericalError(fmt::format("psi is zero on every state of problem {}; start from other parameters", g));
  }
  return largest;
}

}  // namespace

void reweight(Communicator& comm, std::span<const double> log_weight, SampleSet& samples) {
  const std::vector<double> largest = largest_of(comm, log_weight, samples);
  for (std::int64_t i = 0; i < samples.rows.rows(); ++i) {
    samples.weight[i] *= std::exp(log_weight[i] - largest[samples.rows.problem[i]]);
  }
  // The maximum is exact on any number of ranks, the sum follows the tree of blocks.
  std::vector<double> norm(samples.problems);
  tree_sum(
      comm, samples.blocks, samples.problems,
      [&](int block, std::span<double> out) {
        std::fill(out.begin(), out.end(), 0.0);
        const int k = block - samples.blocks.first();
        for (std::int64_t i = samples.block_begin[k]; i < samples.block_begin[k + 1]; ++i) out[samples.rows.problem[i]] += samples.weight[i];
      },
      norm);
  for (std::int64_t i = 0; i < samples.rows.rows(); ++i) samples.weight[i] /= norm[samples.rows.problem[i]];
}

void reweight_by_psi(Communicator& comm, SampleSet& samples) {
  std::vector<double> log_weight;
  for (const std::complex<double> log_psi : samples.log_psi) log_weight.push_back(2 * log_psi.real());
  reweight(comm, log_weight, samples);
}

}  // namespace qs

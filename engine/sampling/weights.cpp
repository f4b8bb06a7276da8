#include "engine/sampling/weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/api/error.h"

namespace qs {
namespace {

constexpr double zero_psi = -std::numeric_limits<double>::infinity();

// Per problem, over all ranks: subtracted before exp, which could overflow otherwise.
std::vector<double> largest_log_modulus(Communicator& comm, const SampleSet& samples) {
  std::vector<double> largest(samples.problems, zero_psi);
  for (std::int64_t i = 0; i < samples.rows.rows(); ++i) {
    double& best = largest[samples.rows.problem[i]];
    best = std::max(best, samples.log_psi[i].real());
  }
  const std::vector<double> all = comm.all_gather<double>(largest);
  for (std::size_t i = 0; i < all.size(); ++i) largest[i % samples.problems] = std::max(largest[i % samples.problems], all[i]);
  for (int g = 0; g < samples.problems; ++g) {
    if (largest[g] == zero_psi) throw NumericalError(fmt::format("psi is zero on every state of problem {}; start from other parameters", g));
  }
  return largest;
}

}  // namespace

void reweight(Communicator& comm, double exponent, SampleSet& samples) {
  const std::vector<double> largest = largest_log_modulus(comm, samples);
  for (std::int64_t i = 0; i < samples.rows.rows(); ++i) {
    samples.weight[i] *= std::exp(exponent * (samples.log_psi[i].real() - largest[samples.rows.problem[i]]));
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

}  // namespace qs

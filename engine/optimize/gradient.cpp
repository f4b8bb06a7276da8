#include "engine/optimize/gradient.h"

#include <cmath>

#include "engine/base/error.h"
#include "engine/wavefunctions/chunked.h"

namespace qs {

std::vector<double> weighted_derivatives(const Tangent& tangent, std::span<const std::complex<double>> weight) {
  const SampleSet& samples = tangent.samples;
  std::vector<double> sum(tangent.psi.layout().total);
  const auto partial = [&](int block, std::span<double> out) {
    const std::int64_t begin = samples.block_begin[block - samples.blocks.first()], end = samples.block_begin[block - samples.blocks.first() + 1];
    vjp(tangent.psi, samples.rows, begin, end - begin, weight.subspan(begin, end - begin), out);
  };
  tree_sum(tangent.comm, samples.blocks, static_cast<std::int64_t>(sum.size()), partial, sum);
  return sum;
}

std::vector<double> loss_gradient(const Tangent& tangent, std::span<const std::complex<double>> residual) {
  const SampleSet& samples = tangent.samples;
  std::vector<std::complex<double>> weight(residual.size());
  for (std::size_t i = 0; i < weight.size(); ++i) {
    if (samples.weight[i] != 0) weight[i] = 2 * samples.weight[i] / samples.problems * residual[i];
  }
  return weighted_derivatives(tangent, weight);
}

// X_i = sqrt(w_i/G) (O_i - <O>_g) and <O>_g = sum_j w_j O_j: y_i stands for c_i = sqrt(w_i/G) y_i, and O_i enters with c_i - w_i sum_{j in g} c_j.
std::vector<double> transposed_product(const Tangent& tangent, std::span<const double> y) {
  const SampleSet& samples = tangent.samples;
  const int per_sample = rows_per_sample(tangent.psi.jacobian_mode());
  const std::vector<double> weights = gather_rows(tangent.comm, samples.weight);
  const auto problems = gather_rows(tangent.comm, samples.rows.problem);
  QS_ASSERT(y.size() == weights.size() * per_sample);
  std::vector<std::complex<double>> c(weights.size()), sum(samples.problems);
  for (std::size_t i = 0; i < c.size(); ++i) {
    const std::complex<double> value(y[i * per_sample], per_sample == 2 ? y[2 * i + 1] : 0.0);
    c[i] = std::sqrt(weights[i] / samples.problems) * value;
    sum[problems[i]] += c[i];
  }
  const std::int64_t first = first_row(tangent.comm, samples);
  std::vector<std::complex<double>> mine(samples.weight.size());
  for (std::size_t i = 0; i < mine.size(); ++i) mine[i] = c[first + i] - samples.weight[i] * sum[samples.rows.problem[i]];
  return weighted_derivatives(tangent, mine);
}

}  // namespace qs

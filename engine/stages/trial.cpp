#include "engine/stages/trial.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "engine/base/error.h"

namespace qs {

AllRows all_rows(Communicator& comm, const SampleSet& samples) {
  return {samples.problems, gather_rows(comm, samples.rows.problem), gather_rows(comm, samples.weight)};
}

std::vector<std::complex<double>> log_ratios(std::span<const std::complex<double>> after, std::span<const std::complex<double>> before) {
  QS_ASSERT(after.size() == before.size());
  std::vector<std::complex<double>> ratios(after.size());
  for (std::size_t i = 0; i < ratios.size(); ++i) {
    const std::complex<double> difference = after[i] - before[i];
    ratios[i] = {difference.real(), std::remainder(difference.imag(), 2 * std::numbers::pi)};
  }
  return ratios;
}

double path_length(const AllRows& rows, std::span<const std::complex<double>> log_ratio) {
  std::vector<std::complex<double>> mean(rows.problems);
  for (std::size_t i = 0; i < log_ratio.size(); ++i) {
    if (rows.weight[i] > 0) mean[rows.problem[i]] += rows.weight[i] * log_ratio[i];
  }
  double sum = 0;
  for (std::size_t i = 0; i < log_ratio.size(); ++i) {
    if (rows.weight[i] > 0) sum += rows.weight[i] * std::norm(log_ratio[i] - mean[rows.problem[i]]);
  }
  const double length = std::sqrt(sum / rows.problems);
  return std::isfinite(length) ? length : std::numeric_limits<double>::infinity();
}

std::vector<std::complex<double>> relative_change(const AllRows& rows, std::span<const double> image) {
  const std::size_t count = rows.weight.size(), per_sample = count > 0 ? image.size() / count : 1;
  QS_ASSERT(image.size() == count * per_sample);
  std::vector<std::complex<double>> change(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (!(rows.weight[i] > 0)) continue;
    const std::complex<double> moved(image[i * per_sample], per_sample == 2 ? image[2 * i + 1] : 0.0);
    change[i] = moved / std::sqrt(rows.weight[i] / rows.problems);
  }
  return change;
}

double loss_tolerance(Precision precision, double loss) { return (precision == Precision::float32 ? 1e-6 : 1e-13) * std::abs(loss); }

}  // namespace qs

#include "engine/statistics/estimate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/error.h"

namespace qs {
namespace {

constexpr std::int64_t enough_chains = 32;  // from here on the spread of chain means gives the error
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

struct Moments {
  std::vector<double> chain_means;
  double mean = 0, variance = 0;  // population variance
};

Moments moments(std::span<const double> values, std::int64_t chains, std::int64_t n) {
  Moments m;
  for (std::int64_t c = 0; c < chains; ++c) {
    double sum = 0;
    for (std::int64_t t = 0; t < n; ++t) sum += values[c * n + t];
    m.chain_means.push_back(sum / static_cast<double>(n));
    m.mean += m.chain_means.back();
  }
  m.mean /= static_cast<double>(chains);
  for (double x : values) m.variance += (x - m.mean) * (x - m.mean);
  m.variance /= static_cast<double>(values.size());
  return m;
}

// ddof-1 variance of the chain means.
double between_chains(const Moments& m) {
  if (m.chain_means.size() < 2) return unknown;
  double sum = 0;
  for (double mean : m.chain_means) sum += (mean - m.mean) * (mean - m.mean);
  return sum / static_cast<double>(m.chain_means.size() - 1);
}

struct ErrorEstimate {
  double error = unknown;
  std::optional<double> tau;
};

ErrorEstimate error_of_mean(std::span<const double> values, const Moments& m, std::int64_t chains, std::int64_t n) {
  const auto c = static_cast<double>(chains), length = static_cast<double>(n);
  if (n == 1 || chains >= enough_chains) {
    // error = sqrt(B/C), tau = n B / variance; a single sample per chain says nothing about tau.
    const double between = between_chains(m);
    ErrorEstimate result{.error = std::sqrt(between / c), .tau = {}};
    if (n > 1 && m.variance > 0) result.tau = length * between / m.variance;
    return result;
  }
  if (!(m.variance > 0)) return {.error = 0, .tau = {}};
  const double tau = tau_of_series(values, chains, n);
  return {.error = std::sqrt(m.variance * tau / (c * length)), .tau = tau};
}

}  // namespace

std::vector<double> deviations(std::span<const std::complex<double>> values, std::span<const double> weights, std::complex<double> mean) {
  std::vector<double> result(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (weights[i] != 0) result[i] = static_cast<double>(values.size()) * weights[i] * (values[i] - mean).real();  // without weight: any value
  }
  return result;
}

Estimate estimate_chains(std::span<const std::complex<double>> values, std::span<const double> weights, std::int64_t chains,
                         std::int64_t samples_per_chain) {
  QS_ASSERT(chains >= 1 && samples_per_chain >= 1 && static_cast<std::int64_t>(values.size()) == chains * samples_per_chain);
  Estimate estimate = estimate_exact(values, weights);
  const std::vector<double> real = deviations(values, weights, estimate.mean);
  const ErrorEstimate error = error_of_mean(real, moments(real, chains, samples_per_chain), chains, samples_per_chain);
  estimate.error = error.error;
  estimate.tau = error.tau;
  estimate.rhat = split_rhat(real, chains, samples_per_chain);
  std::vector<double> squares(values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    squares[i] = static_cast<double>(values.size()) * weights[i] * (std::norm(values[i] - estimate.mean) - estimate.variance);
  const VarianceErrors of_variance = variance_errors(real, squares, estimate.error);
  estimate.variance_error = of_variance.error;
  estimate.covariance = of_variance.covariance;
  return estimate;
}

VarianceErrors variance_errors(std::span<const double> of_mean, std::span<const double> of_variance, double mean_error) {
  QS_ASSERT(of_mean.size() == of_variance.size());
  double mean_square = 0, product = 0, square = 0;
  for (std::size_t i = 0; i < of_mean.size(); ++i) {
    mean_square += of_mean[i] * of_mean[i];
    product += of_mean[i] * of_variance[i];
    square += of_variance[i] * of_variance[i];
  }
  if (!(mean_square > 0)) return {};  // an eigenvalue
  const double per_square = mean_error * mean_error / mean_square;
  return {.error = std::sqrt(per_square * square), .covariance = per_square * product};
}

Estimate estimate_exact(std::span<const std::complex<double>> values, std::span<const double> weights) {
  QS_ASSERT(values.size() == weights.size());
  Estimate estimate;
  // Summed as distances from one of the values: constant values give their own mean exactly, and so no variance.
  const auto first = std::find_if(weights.begin(), weights.end(), [](double w) { return w != 0; });
  QS_ASSERT(first != weights.end());
  const std::complex<double> origin = values[first - weights.begin()];
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (weights[i] != 0) estimate.mean += weights[i] * (values[i] - origin);
  }
  estimate.mean += origin;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (weights[i] != 0) estimate.variance += weights[i] * std::norm(values[i] - estimate.mean);
  }
  estimate.samples = static_cast<std::int64_t>(values.size());
  return estimate;
}

double v_score(double variance, double energy, double degrees_of_freedom, double infinite_temperature_energy) {
  if (variance == 0) return 0;  // an eigenstate, also one that lies at E_inf
  const double distance = energy - infinite_temperature_energy;
  return degrees_of_freedom * variance / (distance * distance);
}

}  // namespace qs

// Mean, error, variance, autocorrelation time and split R-hat: one convention (tau = 1 for independent samples, error = sqrt(variance tau / M)).
// Pure functions of the gathered values, so every rank gets the same bits.
#pragma once

#include <complex>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace qs {

struct Estimate {
  std::complex<double> mean;
  double variance = 0;         // sum |x - mean|^2 w, includes the imaginary part
  double error = 0;            // of Re mean; 0 for an exact sum; NaN when it cannot be known (one sample)
  double variance_error = 0;   // of the variance
  double covariance = 0;       // of the errors of Re mean and variance
  std::optional<double> tau;   // full integrated time; none if unknown
  std::optional<double> rhat;  // split R-hat; none if fewer than 4 samples a chain
  std::int64_t samples = 0;
};

// values: one problem, chain-major [chains][samples_per_chain]; weights: the same shape, sum 1. Error, tau and R-hat are those of the real part.
// Unequal weights make the mean a ratio of two sample means: error, tau and R-hat are those of M w (x - mean), its linearisation.
// 32 chains or more (or one sample per chain): from the spread of chain means; else from tau_of_series.
Estimate estimate_chains(std::span<const std::complex<double>> values, std::span<const double> weights, std::int64_t chains,
                         std::int64_t samples_per_chain);
// Exact weighted sum (weights sum to 1): no statistical error.
Estimate estimate_exact(std::span<const std::complex<double>> values, std::span<const double> weights);

// M w (x - mean), real part: what error, tau and R-hat are those of.
std::vector<double> deviations(std::span<const std::complex<double>> values, std::span<const double> weights, std::complex<double> mean);

// The error of a variance and its covariance with the error of the mean. Deviations: M w Re(x - mean) and M w (|x - mean|^2 - variance), or those of
// ratios; both take the autocorrelation time of the mean, so that covariance = <Re(x - mean) |x - mean|^2> tau/M.
struct VarianceErrors {
  double error = 0, covariance = 0;
};
VarianceErrors variance_errors(std::span<const double> of_mean, std::span<const double> of_variance, double mean_error);

// Geyer's initial monotone sequence and Sokal's window, for [chains][n] real data; NaN for constant data.
double tau_geyer(std::span<const double> values, std::int64_t chains, std::int64_t n);
double tau_sokal(std::span<const double> values, std::int64_t chains, std::int64_t n);
// The larger of both and 1, made up for what the mean takes away.
double tau_of_series(std::span<const double> values, std::int64_t chains, std::int64_t n);

// The same about the mean of each chain, and the variance there: what chains would show if all of them saw the whole distribution.
struct WithinChains {
  double tau;       // NaN for chains that are constant
  double variance;  // unbiased
};
WithinChains within_chains(std::span<const double> values, std::int64_t chains, std::int64_t n);

// None for n < 4, and for zero variance within the pieces (frozen).
std::optional<double> split_rhat(std::span<const double> values, std::int64_t chains, std::int64_t n);

// V-score = N_dof Var(H) / (E - E_inf)^2, arXiv 2302.04919.
double v_score(double variance, double energy, double degrees_of_freedom, double infinite_temperature_energy);

// "-3.41902(13)": value with its error in the last digits; "(?)" if the error is unknown, no bracket if it is 0.
std::string format_with_error(double value, double error);

}  // namespace qs

// Integrated autocorrelation times and split R-hat. tau is the full integrated time: 1 for independent samples.
#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/error.h"
#include "engine/statistics/estimate.h"

namespace qs {
namespace {

double mean_of(const double* x, std::int64_t n) {
  double sum = 0;
  for (std::int64_t t = 0; t < n; ++t) sum += x[t];
  return sum / static_cast<double>(n);
}

enum class About { mean_of_all, own_mean };  // of every chain

// rho(k) = autocovariance at lag k (biased: divided by n, averaged over chains) / its value at k = 0. Computed as asked for: a window needs a few tau
// lags.
class Autocorrelation {
 public:
  Autocorrelation(std::span<const double> values, std::int64_t chains, std::int64_t n, About about)
      : chains_(chains), n_(n), centred_(values.begin(), values.end()) {
    QS_ASSERT(chains >= 1 && n >= 1 && static_cast<std::int64_t>(values.size()) == chains * n);
    const std::int64_t piece = about == About::own_mean ? n : chains * n;
    for (std::int64_t begin = 0; begin < chains * n; begin += piece) {
      const double mean = mean_of(centred_.data() + begin, piece);
      for (std::int64_t i = begin; i < begin + piece; ++i) centred_[i] -= mean;
    }
    variance_ = covariance(0);
  }

  std::int64_t lags() const { return n_; }
  bool constant() const { return !(variance_ > 0); }
  double variance() const { return variance_; }
  double rho(std::int64_t lag) const { return lag < n_ ? covariance(lag) / variance_ : 0.0; }

 private:
  double covariance(std::int64_t lag) const {
    double sum = 0;
    for (std::int64_t c = 0; c < chains_; ++c) {
      const double* x = centred_.data() + c * n_;
      double chain = 0;
      for (std::int64_t t = 0; t + lag < n_; ++t) chain += x[t] * x[t + lag];
      sum += chain;
    }
    return sum / static_cast<double>(chains_ * n_);
  }

  std::int64_t chains_, n_;
  std::vector<double> centred_;
  double variance_ = 0;
};

// Geyer, Statistical Science 7 (1992) 473: Gamma_j = rho(2j) + rho(2j+1) is positive and decreasing for a reversible chain; the sum stops at
// the first Gamma_j <= 0 and the terms before are made non-increasing. tau = max(1, -1 + 2 sum_j Gamma_j).
double geyer(const Autocorrelation& series) {
  double sum = 0, smallest = std::numeric_limits<double>::infinity();
  for (std::int64_t j = 0; 2 * j < series.lags(); ++j) {
    const double pair = series.rho(2 * j) + series.rho(2 * j + 1);
    if (pair <= 0) break;
    smallest = std::min(smallest, pair);
    sum += smallest;
  }
  return std::max(1.0, -1 + 2 * sum);
}

// Sokal's window (Monte Carlo Methods in Statistical Mechanics, 1996): tau(W) = 1 + 2 sum_{k=1..W} rho(k), smallest W >= 10 tau(W).
double sokal(const Autocorrelation& series) {
  constexpr double window_per_tau = 10;
  double tau = 1;
  for (std::int64_t window = 1; window < series.lags(); ++window) {
    tau += 2 * series.rho(window);
    if (static_cast<double>(window) >= window_per_tau * tau) break;
  }
  return tau;
}

// Geyer's sum ends at the first negative pair and misses slow modes of small weight behind it, which a wide window still sees. A mean that is
// estimated from m correlated values takes its own error away from them: by about 3 tau/m.
double larger_tau(const Autocorrelation& series, double m) {
  if (series.constant()) return std::numeric_limits<double>::quiet_NaN();
  const double tau = std::max({1.0, geyer(series), sokal(series)});
  constexpr double most = 0.9;  // of tau that is made up for: series that short are refused anyway
  return tau / (1 - std::min(most, 3 * tau / m));
}

}  // namespace

double tau_of_series(std::span<const double> values, std::int64_t chains, std::int64_t n) {
  return larger_tau(Autocorrelation(values, chains, n, About::mean_of_all), static_cast<double>(chains * n));
}

WithinChains within_chains(std::span<const double> values, std::int64_t chains, std::int64_t n) {
  const Autocorrelation series(values, chains, n, About::own_mean);
  const double tau = larger_tau(series, static_cast<double>(n));
  return {.tau = tau, .variance = series.constant() ? 0 : series.variance() / (1 - std::min(0.5, tau / static_cast<double>(n)))};
}

double tau_geyer(std::span<const double> values, std::int64_t chains, std::int64_t n) {
  const Autocorrelation series(values, chains, n, About::mean_of_all);
  return series.constant() ? std::numeric_limits<double>::quiet_NaN() : geyer(series);
}

double tau_sokal(std::span<const double> values, std::int64_t chains, std::int64_t n) {
  const Autocorrelation series(values, chains, n, About::mean_of_all);
  return series.constant() ? std::numeric_limits<double>::quiet_NaN() : sokal(series);
}

// Halves of chains are 2C pieces of length l = floor(n/2) (odd n: the last sample is dropped). W = mean within-piece variance, B = variance of
// the piece means, both ddof 1: R-hat = sqrt((l-1)/l + B/W).
std::optional<double> split_rhat(std::span<const double> values, std::int64_t chains, std::int64_t n) {
  QS_ASSERT(chains >= 1 && n >= 1 && static_cast<std::int64_t>(values.size()) == chains * n);
  if (n < 4) return std::nullopt;
  const std::int64_t length = n / 2, pieces = 2 * chains;
  std::vector<double> means(pieces);
  double within = 0;
  for (std::int64_t p = 0; p < pieces; ++p) {
    const double* x = values.data() + (p / 2) * n + (p % 2) * length;
    means[p] = mean_of(x, length);
    double squares = 0;
    for (std::int64_t t = 0; t < length; ++t) squares += (x[t] - means[p]) * (x[t] - means[p]);
    within += squares / static_cast<double>(length - 1);
  }
  within /= static_cast<double>(pieces);
  if (!(within > 0)) return std::nullopt;

  const double grand = mean_of(means.data(), pieces);
  double between = 0;
  for (double mean : means) between += (mean - grand) * (mean - grand);
  between /= static_cast<double>(pieces - 1);
  return std::sqrt(static_cast<double>(length - 1) / static_cast<double>(length) + between / within);
}

}  // namespace qs

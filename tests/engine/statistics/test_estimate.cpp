#include "engine/statistics/estimate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "series.h"

namespace qs {
namespace {

using testing_series::autoregressive;
using testing_series::autoregressive_tau;
using Complex = std::complex<double>;

std::vector<Complex> complex_series(const std::vector<double>& re) { return {re.begin(), re.end()}; }

// Every sample counts the same.
Estimate equal_estimate(const std::vector<Complex>& values, std::int64_t chains, std::int64_t n) {
  return estimate_chains(values, std::vector<double>(values.size(), 1.0 / static_cast<double>(values.size())), chains, n);
}

TEST(Estimate, MeanAndPopulationVarianceIncludeTheImaginaryPart) {
  const std::vector<Complex> values = {{1, 1}, {3, -1}, {1, 3}, {3, 1}};

  const Estimate estimate = equal_estimate(values, 2, 2);

  EXPECT_EQ(estimate.mean, Complex(2, 1));
  EXPECT_DOUBLE_EQ(estimate.variance, 1 + 2);  // real: all at distance 1; imaginary: 0, 4, 4, 0
  EXPECT_EQ(estimate.samples, 4);
}

TEST(Estimate, ManyChainsUseTheSpreadOfTheirMeans) {
  const std::int64_t chains = 32, n = 10;
  const std::vector<double> x = autoregressive(0.5, chains, n, 9);
  double mean = 0, between = 0, variance = 0;
  std::vector<double> means(chains, 0.0);
  for (std::int64_t i = 0; i < chains * n; ++i) means[i / n] += x[i] / n;
  for (double m : means) mean += m / chains;
  for (double m : means) between += (m - mean) * (m - mean) / (chains - 1);
  for (double v : x) variance += (v - mean) * (v - mean) / (chains * n);

  const Estimate estimate = equal_estimate(complex_series(x), chains, n);

  EXPECT_NEAR(estimate.error, std::sqrt(between / chains), 1e-14);
  EXPECT_NEAR(*estimate.tau, n * between / variance, 1e-12);
}

TEST(Estimate, FewChainsUseTheLargerTime) {
  const std::int64_t chains = 31, n = 400;
  const std::vector<double> x = autoregressive(0.5, chains, n, 9);

  const Estimate estimate = equal_estimate(complex_series(x), chains, n);

  const double tau = std::max({1.0, tau_geyer(x, chains, n), tau_sokal(x, chains, n)});
  EXPECT_NEAR(*estimate.tau, tau / (1 - 3 * tau / (chains * n)), 1e-12);
  EXPECT_NEAR(estimate.error, std::sqrt(estimate.variance * *estimate.tau / (chains * n)), 1e-15);
}

TEST(Estimate, OneSamplePerChainHasAnErrorButNoTau) {
  const std::vector<double> x = autoregressive(0, 100, 1, 2);

  const Estimate estimate = equal_estimate(complex_series(x), 100, 1);

  EXPECT_NEAR(estimate.error, std::sqrt(estimate.variance / 99), 1e-15);  // B (ddof 1) / C
  EXPECT_FALSE(estimate.tau.has_value());
  EXPECT_FALSE(estimate.rhat.has_value());
}

TEST(Estimate, OneSampleAloneHasNoKnownError) {
  const Estimate estimate = equal_estimate(std::vector<Complex>{{2, 0}}, 1, 1);
  EXPECT_TRUE(std::isnan(estimate.error));
  EXPECT_EQ(estimate.mean, Complex(2, 0));
}

TEST(Estimate, ConstantValuesHaveNoError) {
  for (std::int64_t chains : {2, 64}) {
    const Estimate estimate = equal_estimate(std::vector<Complex>(chains * 8, {-1.5, 0}), chains, 8);
    EXPECT_EQ(estimate.mean, Complex(-1.5, 0));
    EXPECT_EQ(estimate.error, 0);
    EXPECT_FALSE(estimate.tau.has_value());
    EXPECT_FALSE(estimate.rhat.has_value());
  }
}

// The truth (0) must lie within one error in 68.3 % of runs and within two in 95.4 %. Bounds: 4 binomial standard errors over 400 seeds, plus
// 3 % for the estimated error itself (Student's t for 32 chains, 1/50 tau bias of Geyer's route).
class Coverage : public ::testing::TestWithParam<std::tuple<int, int, double>> {};

TEST_P(Coverage, ErrorsContainTheTruthAsOftenAsTheySay) {
  const auto [chains, n, phi] = GetParam();
  const int seeds = 400;
  int one = 0, two = 0;
  for (int seed = 0; seed < seeds; ++seed) {
    const Estimate estimate = equal_estimate(complex_series(autoregressive(phi, chains, n, 1000 + seed)), chains, n);
    one += std::abs(estimate.mean.real()) < estimate.error;
    two += std::abs(estimate.mean.real()) < 2 * estimate.error;
  }
  const auto within = [&](double p) { return 4 * std::sqrt(p * (1 - p) / seeds) + 0.03; };
  EXPECT_NEAR(static_cast<double>(one) / seeds, 0.6827, within(0.6827));
  EXPECT_NEAR(static_cast<double>(two) / seeds, 0.9545, within(0.9545));
}

INSTANTIATE_TEST_SUITE_P(Routes, Coverage,
                         ::testing::Values(std::tuple(32, 16, 0.7), std::tuple(64, 1, 0.0), std::tuple(4, 1000, 0.7), std::tuple(1, 2000, 0.5)));

// x drawn from a density q, weights ~ p/q: the error must be that of the ratio of sums. Here q = N(0, 1), w ~ exp(x/2), for which the weighted mean
// is 1/2 and M error^2 = <w^2 (x - 1/2)^2>/<w>^2 = e^(1/4) (1 + 1/4).
TEST(Estimate, WeightedSamplesHaveTheErrorOfARatio) {
  const std::int64_t chains = 20000;
  const std::vector<double> x = autoregressive(0, chains, 1, 17);
  std::vector<double> weights(x.size());
  double norm = 0;
  for (std::size_t i = 0; i < x.size(); ++i) norm += weights[i] = std::exp(x[i] / 2);
  for (double& w : weights) w /= norm;

  const Estimate estimate = estimate_chains(complex_series(x), weights, chains, 1);

  const double expected_error = std::sqrt(1.25 * std::exp(0.25) / static_cast<double>(chains));
  EXPECT_NEAR(estimate.error, expected_error, 0.05 * expected_error);
  EXPECT_NEAR(estimate.mean.real(), 0.5, 4 * expected_error);
  EXPECT_NEAR(estimate.variance, 1, 0.1);  // the weighted density is N(1/2, 1)
}

TEST(EstimateExact, IsTheWeightedMeanWithoutError) {
  const std::vector<Complex> values = {{1, 0}, {2, 1}, {5, 0}};
  const std::vector<double> weights = {0.5, 0.25, 0.25};

  const Estimate estimate = estimate_exact(values, weights);

  EXPECT_EQ(estimate.mean, Complex(2.25, 0.25));
  EXPECT_NEAR(estimate.variance, 0.5 * 1 + 0.25 * 5 + 0.25 * 25 - std::norm(Complex(2.25, 0.25)), 1e-14);  // <|x|^2> - |<x>|^2
  EXPECT_EQ(estimate.error, 0);
  EXPECT_FALSE(estimate.tau.has_value());
}

TEST(VScore, IsTheRelativeVarianceTimesTheDegreesOfFreedom) {
  EXPECT_DOUBLE_EQ(v_score(0.5, -4, 16, 0), 16 * 0.5 / 16);
  EXPECT_DOUBLE_EQ(v_score(0.5, -4, 16, -2), 16 * 0.5 / 4);
}

TEST(FormatWithError, PutsTwoDigitsOfErrorInTheLastPlaces) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(format_with_error(-3.419021, 0.000132), "-3.41902(13)");
  EXPECT_EQ(format_with_error(0.5, 0.01), "0.500(10)");
  EXPECT_EQ(format_with_error(0.5, 0.00996), "0.500(10)");
  EXPECT_EQ(format_with_error(0.5, 0.0994), "0.500(99)");
  EXPECT_EQ(format_with_error(0.5, 0.0996), "0.50(10)");
  EXPECT_EQ(format_with_error(5.23, 1.44), "5.2(1.4)");
  EXPECT_EQ(format_with_error(1234.4, 56.3), "1234(56)");
  EXPECT_EQ(format_with_error(1234.4, 560), "1234(560)");
  EXPECT_EQ(format_with_error(-2.5, 0), "-2.5");
  EXPECT_EQ(format_with_error(-2.5, std::nan("")), "-2.5(?)");
  EXPECT_EQ(format_with_error(infinity, 1), "inf");
  EXPECT_EQ(format_with_error(1, 1e-30), "1.000000000000000(0)");
}

}  // namespace
}  // namespace qs

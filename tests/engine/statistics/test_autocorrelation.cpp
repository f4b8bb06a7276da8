#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/statistics/estimate.h"
#include "series.h"

namespace qs {
namespace {

using testing_series::autoregressive;
using testing_series::autoregressive_tau;

// Sokal: var(tau)/tau^2 ~ 2 (2W + 1)/M with W ~ 10 tau the window; Geyer's is smaller. Bounds are 5 standard errors.
double tau_tolerance(double tau, std::int64_t samples) { return 5 * tau * std::sqrt(2 * (20 * tau + 1) / static_cast<double>(samples)); }

TEST(Tau, MatchesTheClosedFormOfAutoregressiveChains) {
  for (double phi : {0.0, 0.5, 0.9}) {
    const std::int64_t chains = 4, n = 50000;
    const std::vector<double> x = autoregressive(phi, chains, n, 17);
    const double tau = autoregressive_tau(phi);

    EXPECT_NEAR(tau_geyer(x, chains, n), tau, tau_tolerance(tau, chains * n)) << "phi = " << phi;
    EXPECT_NEAR(tau_sokal(x, chains, n), tau, tau_tolerance(tau, chains * n)) << "phi = " << phi;
  }
}

TEST(Tau, GeyerIsNeverBelowOneForAnticorrelatedChains) {
  const std::vector<double> x = autoregressive(-0.8, 2, 20000, 3);
  EXPECT_EQ(tau_geyer(x, 2, 20000), 1.0);
}

TEST(Tau, FollowsTheDefinitionOnAShortSeriesByHand) {
  // x = 1,1,-1,-1: mean 0, rho = 1, 1/4, -1/2, -1/4. Gamma_0 = 5/4, Gamma_1 < 0: tau = -1 + 2 * 5/4 = 3/2. Window: 1 + 1/2 - 1 = 1/2 at W = 2,
  // too small for 10 tau = 5, then 0 at W = 3.
  const std::vector<double> x = {1, 1, -1, -1};
  EXPECT_DOUBLE_EQ(tau_geyer(x, 1, 4), 1.5);
  EXPECT_NEAR(tau_sokal(x, 1, 4), 0.0, 1e-15);
}

// About the own mean of a chain of n samples tau comes out low by about 3 tau^2/n, which is made up for, as is the variance.
TEST(WithinChains, TauAndVarianceAreThoseOfLongChains) {
  const std::int64_t chains = 4000, n = 80;
  for (const double phi : {0.0, 1.0 / 3, 0.6}) {
    const double tau = autoregressive_tau(phi);
    const WithinChains within = within_chains(autoregressive(phi, chains, n, 17), chains, n);
    EXPECT_NEAR(within.tau, tau, 0.07 * tau) << "phi = " << phi;
    EXPECT_NEAR(within.variance, 1, 0.02) << "phi = " << phi;
  }
}

TEST(WithinChains, AreBlindToWhereTheChainsSit) {
  std::vector<double> x = autoregressive(0.5, 8, 500, 5);
  const WithinChains before = within_chains(x, 8, 500);
  for (std::int64_t t = 0; t < 4000; ++t) x[t] += static_cast<double>(t / 500);
  const WithinChains after = within_chains(x, 8, 500);
  EXPECT_NEAR(after.tau, before.tau, 1e-10);
  EXPECT_NEAR(after.variance, before.variance, 1e-10);
}

TEST(Tau, SeesChainsThatSitInDifferentPlaces) {
  // About the global mean, chains at +1 and -1 with little noise are correlated over their whole length.
  std::vector<double> x = autoregressive(0, 2, 1000, 5);
  for (std::int64_t t = 0; t < 2000; ++t) x[t] = 0.1 * x[t] + (t < 1000 ? 1 : -1);
  EXPECT_GT(tau_geyer(x, 2, 1000), 500);
}

TEST(Tau, OfConstantDataIsUnknown) {
  const std::vector<double> x(100, 2.5);
  EXPECT_TRUE(std::isnan(tau_geyer(x, 2, 50)));
  EXPECT_TRUE(std::isnan(tau_sokal(x, 2, 50)));
}

TEST(SplitRhat, IsOneForIndependentChains) {
  const std::int64_t chains = 16, n = 2000;
  // R-hat^2 - 1 = (B/W - 1/l); lB/W is chi-square/(pieces - 1): standard deviation sqrt(2/31)/l.
  const double l = n / 2.0, rhat = *split_rhat(autoregressive(0, chains, n, 11), chains, n);
  EXPECT_NEAR(rhat * rhat, 1.0, 5 * std::sqrt(2.0 / 31) / l);
}

TEST(SplitRhat, FollowsTheFormulaByHand) {
  // Two chains 0,2,1,3 and 4,6,5,7: pieces (0,2) (1,3) (4,6) (5,7); W = 2; means 1,2,5,6: B = 17/3; R-hat = sqrt(1/2 + 17/6).
  const std::vector<double> x = {0, 2, 1, 3, 4, 6, 5, 7};
  EXPECT_DOUBLE_EQ(*split_rhat(x, 2, 4), std::sqrt(0.5 + 17.0 / 6));
}

TEST(SplitRhat, DropsTheLastSampleOfAnOddLength) {
  const std::vector<double> even = {0, 2, 1, 3, 4, 6, 5, 7}, odd = {0, 2, 1, 3, 1e6, 4, 6, 5, 7, -1e6};
  EXPECT_EQ(*split_rhat(odd, 2, 5), *split_rhat(even, 2, 4));
}

TEST(SplitRhat, GrowsWithoutBoundForChainsStuckInDifferentStates) {
  std::vector<double> x = autoregressive(0, 4, 1000, 7);
  for (std::int64_t i = 0; i < 4000; ++i) x[i] = 0.01 * x[i] + static_cast<double>(i / 1000);
  EXPECT_GT(*split_rhat(x, 4, 1000), 50);
}

TEST(SplitRhat, SeesADriftWithinOneChain) {
  std::vector<double> x(1000);
  for (std::size_t t = 0; t < x.size(); ++t) x[t] = static_cast<double>(t);
  EXPECT_GT(*split_rhat(x, 1, 1000), 2);
}

TEST(SplitRhat, IsUnavailableForShortOrFrozenChains) {
  EXPECT_FALSE(split_rhat(autoregressive(0, 8, 3, 1), 8, 3).has_value());
  EXPECT_TRUE(split_rhat(autoregressive(0, 8, 4, 1), 8, 4).has_value());
  EXPECT_FALSE(split_rhat(std::vector<double>{1, 1, 1, 1, 2, 2, 2, 2}, 2, 4).has_value());
}

}  // namespace
}  // namespace qs

// Chains that are to be doubted, and honest ones that are not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <ostream>

#include "engine/statistics/diagnosis.h"
#include "engine/statistics/estimate.h"
#include "series.h"

namespace qs {
namespace {

using ::testing::HasSubstr;
using testing_series::autoregressive;
using testing_series::autoregressive_tau;

TEST(Diagnosis, OfAnEigenvalueHasNothingToDoubt) {
  const Diagnosis diagnosis = diagnose(std::vector<double>(64 * 16, 0.0), 64, 16, 1);
  EXPECT_TRUE(diagnosis.reliable());
  EXPECT_FALSE(diagnosis.rhat.has_value());
  EXPECT_LE(diagnosis.lengthen, 1);
}

TEST(Diagnosis, SeesChainsThatNeverMeet) {
  std::vector<double> stuck(64 * 16);
  for (std::size_t i = 0; i < stuck.size(); ++i) stuck[i] = i / 16 % 2 == 0 ? 1 : -1;
  EXPECT_THAT(diagnose(stuck, 64, 16, 1).doubt, HasSubstr("value of its own"));

  std::vector<double> apart = autoregressive(0, 64, 16, 3);
  for (std::size_t i = 0; i < apart.size(); ++i) apart[i] += i / 16 % 2 == 0 ? 0.4 : -0.4;
  EXPECT_THAT(diagnose(apart, 64, 16, 1).doubt, HasSubstr("chains differ by"));
}

TEST(Diagnosis, SeesADriftSmallerThanTheSpreadOfSamples) {
  std::vector<double> x = autoregressive(0, 64, 16, 3);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += i % 16 < 8 ? 0.2 : -0.2;
  EXPECT_THAT(diagnose(x, 64, 16, 1).doubt, HasSubstr("halves of the chains differ by"));
}

TEST(Diagnosis, AsksForLongerChains) {
  const double tau = autoregressive_tau(0.6);  // 4
  const Diagnosis of_many = diagnose(autoregressive(0.6, 64, 16, 3), 64, 16, 1);
  EXPECT_THAT(of_many.doubt, HasSubstr("16 samples a chain < 10 tau"));
  EXPECT_GT(of_many.lengthen, 1.3);
  EXPECT_LT(of_many.lengthen, 1.5 * 10 * tau / 16);
  const Diagnosis of_few = diagnose(autoregressive(0.6, 4, 60, 3), 4, 60, 1);
  EXPECT_THAT(of_few.doubt, HasSubstr("60 samples a chain < 20 tau"));
  EXPECT_THAT(diagnose(autoregressive(0, 64, 3, 3), 64, 3, 1).doubt, HasSubstr("3 samples a chain"));
}

// All means agree: the tails alone tell that some chains see less than others.
TEST(Diagnosis, SeesChainsOfDifferentWidth) {
  std::vector<double> x = autoregressive(0, 64, 64, 3);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] *= i / 64 % 2 == 0 ? 1 : 3;
  const Diagnosis diagnosis = diagnose(x, 64, 64, 1);
  EXPECT_FALSE(diagnosis.reliable());
  EXPECT_GT(*diagnosis.rhat, 1.1);
  EXPECT_LT(*split_rhat(x, 64, 64), 1.02);
}

// One value of infinite variance does not hide what the ranks show.
TEST(Diagnosis, RanksAreDeafToOutliers) {
  std::vector<double> x = autoregressive(0, 64, 64, 3);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += i / 64 % 2 == 0 ? 0.5 : -0.5;
  x[7] = 1e9;
  EXPECT_LT(*split_rhat(x, 64, 64), 1.02);
  EXPECT_GT(*diagnose(x, 64, 64, 1).rhat, 1.1);
}

TEST(Drift, FollowsTheFormulaByHand) {
  // Eight chains of two samples: differences 1, 2, ..., 8; mean 4.5, variance 6.
  std::vector<double> x;
  for (int c = 1; c <= 8; ++c) x.insert(x.end(), {static_cast<double>(c), 0.0});
  const Drift many = drift(x, 8, 2, 1);
  EXPECT_NEAR(many.t, 4.5 / std::sqrt(6.0 / 8), 1e-14);
  EXPECT_NEAR(many.limit, 5.4079, 1e-3);  // Student, 7 degrees of freedom, 0.001
  EXPECT_TRUE(many.settled());
  // One chain: 1, 3 against 6, 8: means 2 and 7, variances 2, two degrees of freedom.
  const Drift one = drift(std::vector<double>{1, 3, 6, 8}, 1, 4, 1);
  EXPECT_NEAR(one.t, 5 / std::sqrt(2 * 2.0 / 2), 1e-14);
  EXPECT_NEAR(one.limit, 31.5991, 1e-3);
}

TEST(Drift, OfTooFewNumbersIsUnknown) { EXPECT_TRUE(drift(std::vector<double>{0, 5}, 1, 2, 1).settled()); }

struct Honest {
  std::int64_t chains, n;
  double phi;
  double of_normal;  // 0: normal; 1: its exponential
};
void PrintTo(const Honest& h, std::ostream* out) { *out << h.chains << " chains of " << h.n << ", phi " << h.phi << (h.of_normal > 0 ? " log" : ""); }

class HonestChains : public ::testing::TestWithParam<Honest> {};

// 400 runs whose chains last 16 autocorrelation times or more: false alarms of a single quantity, and the errors of those that are trusted.
TEST_P(HonestChains, AreSeldomDoubtedAndHaveTheRightError) {
  const Honest& h = GetParam();
  constexpr int runs = 400;
  int alarms = 0;
  double chi_square = 0;
  for (int run = 0; run < runs; ++run) {
    std::vector<double> x = autoregressive(h.phi, h.chains, h.n, 1000 + run);
    if (h.of_normal > 0) {
      for (double& value : x) value = std::exp(value);
    }
    const std::vector<std::complex<double>> values(x.begin(), x.end());
    const std::vector<double> weights(x.size(), 1.0 / static_cast<double>(x.size()));
    const Estimate estimate = estimate_chains(values, weights, h.chains, h.n);
    const Diagnosis diagnosis = diagnose(deviations(values, weights, estimate.mean), h.chains, h.n, 1);
    alarms += diagnosis.reliable() ? 0 : 1;
    const double mean = h.of_normal > 0 ? std::exp(0.5) : 0;
    chi_square += std::pow((estimate.mean.real() - mean) / estimate.error, 2) / runs;
  }
  RecordProperty("alarms", alarms);
  EXPECT_LE(alarms, 12);  // 3 %
  EXPECT_GT(chi_square, 0.8);
  EXPECT_LT(chi_square, 1.25);
}

INSTANTIATE_TEST_SUITE_P(Autoregressive, HonestChains,
                         ::testing::Values(Honest{64, 16, 0, 0}, Honest{64, 16, 0, 1}, Honest{256, 16, 0, 0}, Honest{64, 32, 1.0 / 3, 0},
                                           Honest{64, 32, 1.0 / 3, 1}, Honest{64, 64, 0.5, 0}, Honest{256, 64, 0.5, 0}, Honest{32, 64, 0.5, 0},
                                           Honest{16, 64, 0, 0}, Honest{16, 128, 0.5, 0}, Honest{4, 400, 0.5, 0}, Honest{1, 2000, 0.5, 0}));

}  // namespace
}  // namespace qs

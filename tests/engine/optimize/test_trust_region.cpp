// The rule of the trust region, its model of the loss, and what a training remembers of its losses.
#include "engine/optimize/trust_region.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <complex>
#include <limits>
#include <random>

namespace qs {
namespace {

Eigen::VectorXcd random_vector(std::mt19937& random, int n) {
  std::normal_distribution<double> normal;
  return Eigen::VectorXcd::NullaryExpr(n, [&] { return std::complex<double>(normal(random), normal(random)); });
}

// Random Hermitian matrices stand for Hamiltonians, u for the state, delta for a change in its tangent space.
struct Quotient {
  Eigen::MatrixXcd h;
  Eigen::VectorXcd u, delta;

  explicit Quotient(unsigned seed) {
    std::mt19937 random(seed);
    h = Eigen::MatrixXcd::NullaryExpr(7, 7, [&] { return random_vector(random, 1)[0]; });
    h = (h + h.adjoint()).eval();
    u = random_vector(random, 7).normalized();
    delta = random_vector(random, 7);
    delta -= u * u.dot(delta);
    if (u.dot(h * delta).real() < 0) delta = -delta;  // so that u - eta delta goes down
  }
  double loss(double eta) const {
    const Eigen::VectorXcd moved = u - eta * delta;
    return moved.dot(h * moved).real() / moved.squaredNorm();
  }
  TangentModel::Problem problem() const { return {loss(0), u.dot(h * delta).real(), delta.dot(h * delta).real(), delta.squaredNorm()}; }
};

TEST(TangentModel, IsTheMeanRayleighQuotient) {
  const Quotient first(1), second(2);
  const TangentModel model({first.problem(), second.problem()});
  for (const double eta : {0.0, 1e-3, 0.1, 1.0, 7.0}) {
    const double expected = (first.loss(0) - first.loss(eta) + second.loss(0) - second.loss(eta)) / 2;
    EXPECT_NEAR(model.decrease(eta), expected, 1e-12) << eta;
  }
}

TEST(TangentModel, FindsTheFirstMinimumOrTheLimit) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    const TangentModel model({Quotient(seed).problem()});
    const double eta = model.minimum(100);
    EXPECT_GE(model.decrease(eta), model.decrease(eta * 0.999) - 1e-12) << seed;
    EXPECT_GE(model.decrease(eta), model.decrease(eta * 1.001) - 1e-12) << seed;
    EXPECT_EQ(model.minimum(eta / 2), eta / 2) << seed;
  }
}

TEST(TrustRegion, JudgesByTheRatioOfAchievedAndPredicted) {
  const auto judged = [](double achieved) { return judge_step(Evidence::exact, 1.0, {.decrease = achieved}, {.tolerance = 1e-9}).verdict; };
  EXPECT_EQ(judged(0.9), Verdict::good);
  EXPECT_EQ(judged(0.4), Verdict::fair);
  EXPECT_EQ(judged(0.1), Verdict::poor);
  EXPECT_EQ(judged(-0.1), Verdict::rejected);
  EXPECT_EQ(judged(-3.0), Verdict::harmful);
  EXPECT_EQ(judged(std::numeric_limits<double>::quiet_NaN()), Verdict::harmful);
  EXPECT_TRUE(is_taken(Verdict::poor));
  EXPECT_FALSE(is_taken(Verdict::rejected));
  EXPECT_LT(shift_factor(Verdict::good), 1);
  EXPECT_GT(shift_factor(Verdict::harmful), shift_factor(Verdict::rejected));
}

TEST(TrustRegion, LetsAnExactLossRiseToTheHighestOfTheLastFive) {
  RecentLosses recent;
  EXPECT_EQ(recent.allowed_rise(), 0);
  for (const double loss : {9.0, 4.0, 3.0, 3.5, 2.0, 1.0}) recent.add(loss);
  EXPECT_EQ(recent.allowed_rise(), 3);
  EXPECT_EQ(RecentLosses(recent.stored()).allowed_rise(), 3) << "what a checkpoint keeps";
  const auto judged = [&](double achieved) {
    return judge_step(Evidence::exact, 1.0, {.decrease = achieved}, {.tolerance = 1e-9, .rise = recent.allowed_rise()}).verdict;
  };
  EXPECT_EQ(judged(-2.9), Verdict::fair);
  EXPECT_EQ(judged(-3.1), Verdict::harmful);
  EXPECT_EQ(judge_step(Evidence::exact, 2.0, {.decrease = -3.1}, {.rise = 3}).verdict, Verdict::rejected);
}

TEST(TrustRegion, TakesNoVerdictBelowRounding) {
  EXPECT_EQ(judge_step(Evidence::exact, 1e-12, {.decrease = -1e-10}, {.tolerance = 1e-9}).verdict, Verdict::fair);
  EXPECT_EQ(judge_step(Evidence::exact, 1e-12, {.decrease = -1e-6}, {.tolerance = 1e-9}).verdict, Verdict::rejected)
      << "a rise beyond rounding is never taken";
}

TEST(TrustRegion, LetsSamplesDecideOnlyWhatTheyTell) {
  const auto judged = [](Achieved achieved) { return judge_step(Evidence::sampled, 1.0, achieved, {.tolerance = 1e-9}); };
  EXPECT_EQ(judged({.decrease = 0.9, .error = 0.6}).verdict, Verdict::fair) << "the error is larger than half of the prediction";
  EXPECT_EQ(judged({.decrease = -0.5, .error = 0.3}).verdict, Verdict::poor) << "within two errors of no change";
  EXPECT_EQ(judged({.decrease = -0.9, .error = 0.3}).verdict, Verdict::rejected);
  EXPECT_EQ(judged({.decrease = 0.9, .error = 0.1, .effective = 0.4}).verdict, Verdict::rejected) << "too few effective samples";
  EXPECT_EQ(judged({.decrease = 0.9, .error = 0.1}).verdict, Verdict::good);
}

}  // namespace
}  // namespace qs

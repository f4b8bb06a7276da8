// Fits to zero variance: known lines, their errors over many draws, and the errors of variances that they take.
#include "engine/statistics/extrapolation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <random>
#include <vector>

#include "engine/statistics/estimate.h"

namespace qs {
namespace {

std::vector<EnergyPoint> line(const std::vector<double>& variances, double energy, double slope, double curvature) {
  std::vector<EnergyPoint> points;
  for (const double v : variances) points.push_back({.energy = energy + slope * v + curvature * v * v, .variance = v});
  return points;
}

TEST(EnergyFit, FindsALineAndAParabolaOfExactPoints) {
  const auto points = line({0.4, 0.9, 1.7, 2.5}, -8.5, 0.6, -0.02);
  const EnergyFit quadratic = fit_energy(points, 2);
  EXPECT_NEAR(quadratic.energy, -8.5, 1e-12);
  EXPECT_NEAR(quadratic.slope, 0.6, 1e-11);
  EXPECT_NEAR(quadratic.curvature, -0.02, 1e-11);
  EXPECT_LT(quadratic.error, 1e-12);
  EXPECT_EQ(quadratic.freedom, 1);
  EXPECT_TRUE(std::isnan(quadratic.chi_square)) << "nobody has errors to compare with";
  const EnergyFit linear = fit_energy(points, 1);
  EXPECT_GT(linear.error, 1e-3) << "the scatter about the line";
  EXPECT_NEAR(linear.energy, -8.5, 0.1);
}

TEST(EnergyFit, KnowsWhatItCannotKnow) {
  EXPECT_TRUE(std::isnan(fit_energy(line({1.0}, -8, 1, 0), 1).energy));
  EXPECT_TRUE(std::isnan(fit_energy(line({1.0, 2.0}, -8, 1, 0), 2).energy));
  EXPECT_TRUE(std::isnan(fit_energy(line({1.0, 1.0, 1.0}, -8, 1, 0), 1).energy)) << "one variance three times";
  EXPECT_TRUE(std::isnan(fit_energy(line({0.0, 0.0}, -8, 1, 0), 1).energy));
  const EnergyFit two = fit_energy(line({1.0, 2.0}, -8, 1, 0), 1);
  EXPECT_NEAR(two.energy, -8, 1e-12);
  EXPECT_TRUE(std::isnan(two.error)) << "two exact points have no scatter";
  const EnergyFit thrice = fit_energy(line({1.0, 2.0, 1.0, 4.0}, -8, 1, 0), 2);
  EXPECT_EQ(thrice.freedom, 0) << "one of four comes twice";
  EXPECT_TRUE(std::isnan(thrice.error));
}

// Mean and variance of M numbers -8 + a - ln u: exponential, so skewed, with <e^3> = 2 v^(3/2) and <e^4> = 9 v^2.
std::vector<std::complex<double>> skewed(std::mt19937_64& engine, double mean, double spread, int samples) {
  std::exponential_distribution<double> exponential;
  std::vector<std::complex<double>> values;
  for (int i = 0; i < samples; ++i) values.emplace_back(mean + spread * (exponential(engine) - 1));
  return values;
}

TEST(VarianceErrors, AreThoseOfManyRepetitions) {
  constexpr int samples = 2000, repetitions = 1500;
  std::mt19937_64 engine(7);
  const std::vector<double> weights(samples, 1.0 / samples);
  double covariance = 0, variance_square = 0, told_covariance = 0, told_square = 0;
  for (int r = 0; r < repetitions; ++r) {
    const Estimate e = estimate_chains(skewed(engine, 3, 1, samples), weights, samples, 1);
    covariance += (e.mean.real() - 3) * (e.variance - 1) * samples / repetitions;
    variance_square += (e.variance - 1) * (e.variance - 1) * samples / repetitions;
    told_covariance += e.covariance * samples / repetitions;
    told_square += e.variance_error * e.variance_error * samples / repetitions;
  }
  EXPECT_NEAR(told_covariance, 2, 0.06);
  EXPECT_NEAR(told_square, 8, 0.6);
  EXPECT_NEAR(covariance, 2, 0.4);  // 4 errors
  EXPECT_NEAR(variance_square, 8, 1.3);
}

// Energies and variances of samples at five states on a line: over many draws the error of E_0 is what the fit says, and so is chi^2.
TEST(EnergyFit, ItsErrorsAreHonest) {
  constexpr int samples = 4000, repetitions = 600;
  std::mt19937_64 engine(11);
  const std::vector<double> weights(samples, 1.0 / samples);
  double squares = 0, chi_square = 0, bias = 0;
  for (int r = 0; r < repetitions; ++r) {
    std::vector<EnergyPoint> points;
    for (const double v : {0.5, 0.8, 1.2, 1.6, 2.0}) {
      const Estimate e = estimate_chains(skewed(engine, -8 + 0.5 * v, std::sqrt(v), samples), weights, samples, 1);
      points.push_back({e.mean.real(), e.variance, e.error, e.variance_error, e.covariance});
    }
    const EnergyFit fit = fit_energy(points, 1);
    const double z = (fit.energy + 8) / fit.error;
    squares += z * z / repetitions;
    bias += z / repetitions;
    chi_square += fit.chi_square / fit.freedom / repetitions;
  }
  EXPECT_NEAR(squares, 1, 0.25);
  EXPECT_NEAR(bias, 0, 0.25);
  EXPECT_NEAR(chi_square, 1, 0.15);
}

}  // namespace
}  // namespace qs

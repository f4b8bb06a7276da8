#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "engine/statistics/distributions.h"

namespace qs {
namespace {

TEST(NormalQuantile, HasTheValuesOfTables) {
  EXPECT_NEAR(normal_quantile(0.5), 0, 1e-15);
  EXPECT_NEAR(normal_quantile(0.025), 1.959963984540054, 1e-12);
  EXPECT_NEAR(normal_quantile(1e-6), 4.753424308822899, 1e-11);
  EXPECT_NEAR(normal_quantile(0.975), -1.959963984540054, 1e-12);
  for (const double tail : {1e-12, 1e-5, 0.1, 0.49, 0.9}) EXPECT_NEAR(0.5 * std::erfc(normal_quantile(tail) / std::sqrt(2.0)), tail, 1e-12 * tail);
}

// Closed forms: one degree of freedom is Cauchy's distribution, two above are a power.
TEST(Tails, AreThoseOfClosedForms) {
  for (const double t : {0.1, 1.0, 3.0, 60.0}) EXPECT_NEAR(student_tail(t, 1), 1 - 2 / std::numbers::pi * std::atan(t), 1e-13);
  for (const double t : {0.5, 4.0}) EXPECT_NEAR(student_tail(t, 2), 1 - t / std::sqrt(2 + t * t), 1e-13);
  for (const double below : {3.0, 17.5, 4000.0}) {
    for (const double f : {0.1, 1.0, 7.0}) {
      const double exact = std::pow(1 + 2 * f / below, -below / 2);
      EXPECT_NEAR(f_tail(f, 2, below), exact, 1e-11 * exact) << below;
    }
  }
  for (const double f : {0.3, 1.1, 2.0}) EXPECT_NEAR(f_tail(f, 5.5, 31), 1 - f_tail(1 / f, 31, 5.5), 1e-13);
}

TEST(Quantiles, HaveTheValuesOfTables) {
  EXPECT_NEAR(student_quantile(0.05, 10), 2.228139, 1e-6);
  EXPECT_NEAR(student_quantile(0.001, 63), 3.4518, 1e-4);
  EXPECT_NEAR(f_quantile(0.05, 3, 10), 3.708265, 1e-6);
  EXPECT_NEAR(f_quantile(0.01, 10, 20), 3.368186, 1e-6);
}

TEST(Quantiles, AreTheInverseOfTails) {
  for (const double tail : {1e-9, 1e-5, 0.002, 0.5, 0.99}) {
    EXPECT_NEAR(f_tail(f_quantile(tail, 63, 812.5), 63, 812.5), tail, 1e-9 * tail);
    EXPECT_NEAR(f_tail(f_quantile(tail, 511, 1e6), 511, 1e6), tail, 1e-7 * tail);
    EXPECT_NEAR(student_tail(student_quantile(tail, 7), 7), tail, 1e-9 * tail);
  }
}

}  // namespace
}  // namespace qs

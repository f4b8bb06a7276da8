#include "engine/statistics/distributions.h"

#include <cmath>
#include <numbers>

#include "engine/base/error.h"

namespace qs {
namespace {

// Continued fraction of the incomplete beta function by Lentz's method (DLMF 8.17.22); it converges fast for x < (a + 1)/(a + b + 2).
double beta_fraction(double x, double a, double b) {
  constexpr double tiny = 1e-300, precision = 1e-15;
  constexpr int most_terms = 100000;
  const auto safe = [](double v) { return std::abs(v) < tiny ? tiny : v; };
  double c = 1, d = 1 / safe(1 - (a + b) * x / (a + 1)), fraction = d;
  for (int m = 1; m < most_terms; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / safe(1 + even * d);
    c = safe(1 + even / c);
    fraction *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / safe(1 + odd * d);
    c = safe(1 + odd / c);
    fraction *= d * c;
    if (std::abs(d * c - 1) < precision) break;
  }
  return fraction;
}

// I_x(a, b), given x and y = 1 - x, which is known better than by subtraction.
double regularised_beta(double x, double y, double a, double b) {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  const double log_front = std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log(y);
  if (x < (a + 1) / (a + b + 2)) return std::exp(log_front) * beta_fraction(x, a, b) / a;
  return 1 - std::exp(log_front) * beta_fraction(y, b, a) / b;
}

// Where a falling function of a positive number reaches `level`.
template <class F>
double solve_falling(F&& tail, double level) {
  constexpr double largest = 1e150;
  double low = 0, high = 1;
  while (tail(high) > level && high < largest) {
    low = high;
    high *= 2;
  }
  for (int i = 0; i < 200 && high - low > 1e-13 * high; ++i) {
    const double middle = (low + high) / 2;
    (tail(middle) > level ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

double normal_quantile(double tail) {
  QS_ASSERT(tail > 0 && tail < 1);
  if (tail > 0.5) return -normal_quantile(1 - tail);
  // Abramowitz and Stegun 26.2.23 (error 4.5e-4), then Newton's steps on ln erfc, which is nearly a parabola.
  const double t = std::sqrt(-2 * std::log(tail));
  double x = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  for (int i = 0; i < 3; ++i) {
    const double above = 0.5 * std::erfc(x / std::sqrt(2.0)), density = std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
    x += std::log(above / tail) * above / density;
  }
  return x;
}

double f_tail(double f, double above, double below) {
  QS_ASSERT(above > 0 && below > 0);
  if (!(f > 0)) return 1;
  const double total = below + above * f;
  return regularised_beta(below / total, above * f / total, below / 2, above / 2);
}

double student_tail(double t, double freedom) { return f_tail(t * t, 1, freedom); }

double f_quantile(double tail, double above, double below) {
  QS_ASSERT(tail > 0 && tail < 1);
  return solve_falling([&](double f) { return f_tail(f, above, below); }, tail);
}

double student_quantile(double tail, double freedom) { return std::sqrt(f_quantile(tail, 1, freedom)); }

}  // namespace qs

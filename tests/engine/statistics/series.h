// Test series with known properties: AR(1) chains x_t = phi x_{t-1} + sqrt(1 - phi^2) z_t, started in equilibrium. Mean 0, variance 1,
// rho(k) = phi^k, full integrated time (1 + phi)/(1 - phi).
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace qs::testing_series {

inline std::vector<double> autoregressive(double phi, std::int64_t chains, std::int64_t n, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> normal;
  std::vector<double> values(chains * n);
  for (std::int64_t c = 0; c < chains; ++c) {
    double x = normal(engine);
    for (std::int64_t t = 0; t < n; ++t) {
      values[c * n + t] = x;
      x = phi * x + std::sqrt(1 - phi * phi) * normal(engine);
    }
  }
  return values;
}

inline double autoregressive_tau(double phi) { return (1 + phi) / (1 - phi); }

}  // namespace qs::testing_series

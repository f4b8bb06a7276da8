// The energy at zero variance: near an eigenstate E = E_0 + b v + c v^2 of states of one family, v the variance of the energy.
#pragma once

#include <limits>
#include <span>

namespace qs {

// A state: energy, variance, and the covariance of their errors. Independent of other points.
struct EnergyPoint {
  double energy = 0, variance = 0;
  double energy_error = 0, variance_error = 0, covariance = 0;  // all 0: from an exact sum
};

struct EnergyFit {
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  double energy = unknown, error = unknown;  // E_0
  double slope = unknown, curvature = 0;     // b, c
  double chi_square = unknown;               // none of exact points, whose error is that of their scatter
  int freedom = 0;                           // points - parameters
};

// degree 1 or 2. Weights 1/[Var(E) - 2 E'(v) Cov(E, v) + E'(v)^2 Var(v)], with the slope E'(v) of the fit before, three times. Everything unknown
// where the points have too few different variances.
EnergyFit fit_energy(std::span<const EnergyPoint> points, int degree);

}  // namespace qs

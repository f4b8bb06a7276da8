#include "engine/statistics/extrapolation.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <vector>

namespace qs {
namespace {

constexpr int iterations = 3;
constexpr double rounding = 1e-13;  // relative, of an energy: the least error that a weight knows of

bool is_exact(const EnergyPoint& point) { return point.energy_error == 0 && point.variance_error == 0; }

// Without states that come twice: exact ones say the second time what they have said.
std::vector<EnergyPoint> distinct(std::span<const EnergyPoint> points) {
  constexpr double equal = 1e-9;  // relative
  const auto near = [](double a, double b) { return std::abs(a - b) <= equal * std::max(std::abs(a), std::abs(b)); };
  std::vector<EnergyPoint> kept;
  for (const EnergyPoint& point : points) {
    const auto same = [&](const EnergyPoint& other) { return near(point.energy, other.energy) && near(point.variance, other.variance); };
    if (std::none_of(kept.begin(), kept.end(), same)) kept.push_back(point);
  }
  return kept;
}

// Of E - E(v) at a point.
double residual_error(const EnergyPoint& point, double slope) {
  const double square =
      point.energy_error * point.energy_error - 2 * slope * point.covariance + slope * slope * point.variance_error * point.variance_error;
  return std::sqrt(std::max(square, std::pow(rounding * point.energy, 2)));
}

}  // namespace

EnergyFit fit_energy(std::span<const EnergyPoint> all, int degree) {
  const bool exact = std::all_of(all.begin(), all.end(), is_exact);
  const std::vector<EnergyPoint> points = exact ? distinct(all) : std::vector<EnergyPoint>(all.begin(), all.end());
  const auto count = static_cast<Eigen::Index>(points.size()), parameters = static_cast<Eigen::Index>(degree) + 1;
  EnergyFit fit{.freedom = static_cast<int>(count - parameters)};
  if (fit.freedom < 0) return fit;
  double unit = 0;  // of the variance
  for (const EnergyPoint& point : points) unit = std::max(unit, point.variance);
  if (!(unit > 0)) return fit;
  const double origin = points[0].energy;
  Eigen::VectorXd solution = Eigen::VectorXd::Zero(parameters);
  Eigen::MatrixXd rows(count, parameters);
  Eigen::VectorXd right(count);
  for (int i = 0; i <= iterations; ++i) {
    for (Eigen::Index k = 0; k < count; ++k) {
      const double v = points[k].variance / unit;
      const double slope = (solution(1) + (degree > 1 ? 2 * solution(2) * v : 0)) / unit;
      const double weight = exact ? 1 : 1 / residual_error(points[k], slope);
      for (Eigen::Index j = 0; j < parameters; ++j) rows(k, j) = weight * std::pow(v, j);
      right(k) = weight * (points[k].energy - origin);
    }
    const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> solver(rows);
    if (solver.rank() < parameters) return fit;
    solution = solver.solve(right);
  }
  const double residuals = (rows * solution - right).squaredNorm();
  const double unit_error = exact ? (fit.freedom > 0 ? residuals / fit.freedom : EnergyFit::unknown) : 1;
  fit.energy = origin + solution(0);
  fit.error = std::sqrt(unit_error * (rows.transpose() * rows).inverse()(0, 0));
  fit.slope = solution(1) / unit;
  if (degree > 1) fit.curvature = solution(2) / (unit * unit);
  if (!exact) fit.chi_square = residuals;
  return fit;
}

}  // namespace qs

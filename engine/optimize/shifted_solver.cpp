#include "engine/optimize/shifted_solver.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "kernels/api/error.h"
#include "kernels/api/linear_algebra.h"
#include "kernels/api/memory.h"

namespace qs {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr double cut_off = 1e-14;       // of pinv_smooth, relative to the largest eigenvalue
constexpr int raises = 3;               // the shift is raised at most three times, by 10 each
constexpr double lowest_raise = 1e-10;  // a vanishing shift is raised from this fraction of the largest eigenvalue

double norm(std::span<const double> x) {
  double sum = 0;
  for (double value : x) sum += value * value;
  return std::sqrt(sum);
}

bool all_finite(std::span<const double> x) {
  return std::all_of(x.begin(), x.end(), [](double value) { return std::isfinite(value); });
}

std::vector<double> right_hand_side(const ShiftedSystem& system, double shift) {
  std::vector<double> b = system.b0;
  for (std::size_t i = 0; i < system.b1.size(); ++i) b[i] += shift * system.b1[i];
  return b;
}

// |A x - b| with A from its strict upper triangle and a separate diagonal (the lower triangle holds the Cholesky factor).
double residual_norm(std::int64_t n, const std::vector<double>& upper, const std::vector<double>& diagonal, const std::vector<double>& x,
                     std::vector<double> b) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double* row = upper.data() + i * n;
    double sum = diagonal[i] * x[i];
    for (std::int64_t j = i + 1; j < n; ++j) {
      sum += row[j] * x[j];
      b[j] -= row[j] * x[i];
    }
    b[i] -= sum;
  }
  return norm(b);
}

double frobenius_norm(std::int64_t n, const std::vector<double>& upper, const std::vector<double>& diagonal) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    sum += diagonal[i] * diagonal[i];
    for (std::int64_t j = i + 1; j < n; ++j) sum += 2 * upper[i * n + j] * upper[i * n + j];
  }
  return std::sqrt(sum);
}

// Rung 1. True if the factor exists and the solution is backward stable: |r| <= 10 n eps (|A| |x| + |b|), which Cholesky guarantees up to a constant
// of order one (Higham, Accuracy and Stability, theorem 10.4) unless something is wrong.
bool try_cholesky(Device device, ShiftedSystem& system, const std::vector<double>& diagonal, ShiftedSolution& out) {
  const std::int64_t n = system.n;
  Staged<double> matrix(device, system.matrix.data(), system.matrix.size());
  if (kernels::cholesky(device, n, matrix.data(), n) != 0) return false;
  matrix.write_back();
  const double smallest = smallest_pivot(n, system.matrix);
  const std::vector<double> b = right_hand_side(system, system.shift);
  std::vector<double> x = b;
  Staged<double> solution(device, x.data(), x.size());
  kernels::cholesky_solve(device, n, matrix.data(), n, solution.data());
  solution.write_back();
  if (!all_finite(x)) return false;
  const double error = residual_norm(n, system.matrix, diagonal, x, b);
  const double size = norm(b);
  const double bound = 10 * static_cast<double>(n) * epsilon * (frobenius_norm(n, system.matrix, diagonal) * norm(x) + size);
  if (!(error <= bound)) return false;
  out = {std::move(x), 1, system.shift, smallest, size > 0 ? error / size : 0.0};
  return true;
}

// x = V^T f(s) V b with f = (1/s) / (1 + (cut_off s_max/|s|)^6) for |s| > cut_off s_max, else 0 (the smooth pseudo-inverse of NetKet).
// `values` are the eigenvalues of A + system.shift; `extra` raises the shift further.
ShiftedSolution spectral_solution(const ShiftedSystem& system, const std::vector<double>& values, double extra) {
  const std::int64_t n = system.n;
  const double shift = system.shift + extra;
  const std::vector<double> b = right_hand_side(system, shift);
  const double largest = std::max(std::abs(values.front() + extra), std::abs(values.back() + extra));
  ShiftedSolution out{std::vector<double>(n, 0.0), 2, shift, values.front() + extra, 0.0};
  double missed = 0;
  for (std::int64_t k = 0; k < n; ++k) {
    const double* vector = system.matrix.data() + k * n;
    const double s = values[k] + extra;
    double projection = 0;
    for (std::int64_t i = 0; i < n; ++i) projection += vector[i] * b[i];
    double factor = 0;
    if (std::abs(s) > cut_off * largest) factor = 1 / (s * (1 + std::pow(cut_off * largest / std::abs(s), 6)));
    missed += std::pow((s * factor - 1) * projection, 2);
    for (std::int64_t i = 0; i < n; ++i) out.x[i] += factor * projection * vector[i];
  }
  const double size = norm(b);
  out.residual = size > 0 ? std::sqrt(missed) / size : 0.0;
  return out;
}

// A Gram matrix has no negative eigenvalue beyond rounding; one that has been spoilt (by float32 rows and a small shift) points uphill.
bool acceptable(const ShiftedSolution& solution, std::int64_t n, double largest) {
  return all_finite(solution.x) && solution.smallest_pivot >= -8 * static_cast<double>(n) * epsilon * largest;
}

}  // namespace

double smallest_pivot(std::int64_t n, std::span<const double> factor) {
  double smallest = std::numeric_limits<double>::infinity();
  for (std::int64_t i = 0; i < n; ++i) smallest = std::min(smallest, factor[i * n + i] * factor[i * n + i]);
  return smallest;
}

ShiftedSolution solve_shifted(Device device, ShiftedSystem& system) {
  const std::int64_t n = system.n;
  std::vector<double>& a = system.matrix;
  if (!all_finite(a) || !all_finite(system.b0) || !all_finite(system.b1)) {
    throw NumericalError("the linear system of the optimizer has non-finite entries (the derivatives overflow); reduce the learning rate");
  }
  std::vector<double> diagonal(n);
  for (std::int64_t i = 0; i < n; ++i) diagonal[i] = a[i * n + i] += system.shift;
  ShiftedSolution solution;
  if (try_cholesky(device, system, diagonal, solution)) return solution;

  for (std::int64_t i = 0; i < n; ++i) {  // the lower triangle again
    a[i * n + i] = diagonal[i];
    for (std::int64_t j = 0; j < i; ++j) a[i * n + j] = a[j * n + i];
  }
  std::vector<double> values(n);
  Staged<double> vectors(device, a.data(), a.size()), eigenvalues(device, values.data(), values.size());
  const std::int64_t info = kernels::symmetric_eigen(device, n, vectors.data(), n, eigenvalues.data());
  vectors.write_back();
  eigenvalues.write_back();
  if (info != 0) {
    throw NumericalError("the eigen-decomposition of the optimizer's " + std::to_string(n) + " x " + std::to_string(n) +
                         " matrix did not converge (info " + std::to_string(info) + "); raise optimizer.diag_shift");
  }
  const double largest = std::max(std::abs(values.front()), std::abs(values.back()));
  const double base = std::max(system.shift, lowest_raise * largest);
  double raised = system.shift;
  for (int attempt = 0; attempt <= raises; ++attempt) {
    if (attempt > 0) raised = base * std::pow(10.0, attempt);
    solution = spectral_solution(system, values, raised - system.shift);
    solution.rung = 2 + attempt;
    if (acceptable(solution, n, largest)) return solution;
  }
  throw NumericalError("the optimizer's linear system is not positive definite (smallest eigenvalue " + std::to_string(values.front()) +
                       ", largest " + std::to_string(values.back()) + ") even with diag_shift " + std::to_string(raised) +
                       "; raise optimizer.diag_shift");
}

}  // namespace qs

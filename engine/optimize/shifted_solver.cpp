#include "engine/optimize/shifted_solver.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "kernels/api/error.h"
#include "kernels/api/linear_algebra.h"
#include "kernels/api/rows.h"

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

std::vector<double> diagonal_of(Device device, std::int64_t n, const double* matrix) {
  std::vector<double> diagonal(n);
  kernels::download_rows(device, diagonal.data(), sizeof(double), matrix, (n + 1) * sizeof(double), sizeof(double), n);
  return diagonal;
}

double frobenius_norm(Device device, const Buffer<double>& matrix) {
  double sum = 0;
  Staged<double> result(device, &sum, 1);
  kernels::sum_of_squares<double>(device, static_cast<std::int64_t>(matrix.size()), matrix.data(), result.data());
  result.write_back();
  return std::sqrt(sum);
}

// |A x - b| after the factorisation: A is the strict upper triangle that it leaves, and the diagonal.
double residual_norm(Device device, const ShiftedSystem& system, const std::vector<double>& diagonal, const std::vector<double>& x,
                     const std::vector<double>& b) {
  std::vector<double> image(x.size());
  const Staged<const double> of(device, x.data(), x.size()), pivots(device, diagonal.data(), diagonal.size());
  Staged<double> product(device, image.data(), image.size());
  kernels::symmetric_multiply(device, system.n, system.matrix.data(), system.n, pivots.data(), of.data(), product.data());
  product.write_back();
  for (std::size_t i = 0; i < image.size(); ++i) image[i] -= b[i];
  return norm(image);
}

// Rung 1. True if the factor exists and the solution is backward stable: |r| <= 10 n eps (|A| |x| + |b|), which Cholesky guarantees up to a constant
// of order one (Higham, Accuracy and Stability, theorem 10.4) unless something is wrong. `size`: |A|
bool try_cholesky(Device device, ShiftedSystem& system, const std::vector<double>& diagonal, double size, ShiftedSolution& out) {
  const std::int64_t n = system.n;
  double* matrix = system.matrix.data();
  if (kernels::cholesky(device, n, matrix, n) != 0) return false;
  const double smallest = smallest_pivot(device, n, matrix);
  const std::vector<double> b = right_hand_side(system, system.shift);
  std::vector<double> x = cholesky_solution(device, n, matrix, b);
  if (!all_finite(x)) return false;
  const double error = residual_norm(device, system, diagonal, x, b);
  const double bound = 10 * static_cast<double>(n) * epsilon * (size * norm(x) + norm(b));
  if (!(error <= bound)) return false;
  out = {std::move(x), 1, system.shift, smallest, norm(b) > 0 ? error / norm(b) : 0.0};
  return true;
}

// Eigenvectors in rows, on the host.
struct Spectrum {
  std::vector<double> values, copy;
  const double* vectors = nullptr;
};

Spectrum decompose(Device device, ShiftedSystem& system, const std::vector<double>& diagonal) {
  const std::int64_t n = system.n;
  double* matrix = system.matrix.data();
  kernels::mirror_upper(device, n, matrix, n);  // the Cholesky factor stood below
  kernels::set_diagonal(device, n, Staged<const double>(device, diagonal.data(), diagonal.size()).data(), matrix, n);
  Spectrum spectrum;
  spectrum.values.resize(n);
  Staged<double> eigenvalues(device, spectrum.values.data(), spectrum.values.size());
  const std::int64_t info = kernels::symmetric_eigen(device, n, matrix, n, eigenvalues.data());
  eigenvalues.write_back();
  if (info != 0) {
    throw NumericalError("the eigen-decomposition of the optimizer's " + std::to_string(n) + " x " + std::to_string(n) +
                         " matrix did not converge (info " + std::to_string(info) + "); raise optimizer.diag_shift");
  }
  spectrum.vectors = host_view(device, matrix, system.matrix.size(), spectrum.copy);
  return spectrum;
}

// x = V^T f(s) V b with f = (1/s) / (1 + (cut_off s_max/|s|)^6) for |s| > cut_off s_max, else 0 (the smooth pseudo-inverse of NetKet).
// The spectrum is that of A + system.shift; `extra` raises the shift further.
ShiftedSolution spectral_solution(const ShiftedSystem& system, const Spectrum& spectrum, double extra) {
  const std::vector<double>& values = spectrum.values;
  const std::int64_t n = system.n;
  const double shift = system.shift + extra;
  const std::vector<double> b = right_hand_side(system, shift);
  const double largest = std::max(std::abs(values.front() + extra), std::abs(values.back() + extra));
  ShiftedSolution out{std::vector<double>(n, 0.0), 2, shift, values.front() + extra, 0.0};
  double missed = 0;
  for (std::int64_t k = 0; k < n; ++k) {
    const double* vector = spectrum.vectors + k * n;
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

double smallest_pivot(Device device, std::int64_t n, const double* factor) {
  double smallest = std::numeric_limits<double>::infinity();
  for (const double pivot : diagonal_of(device, n, factor)) smallest = std::min(smallest, pivot * pivot);
  return smallest;
}

std::vector<double> cholesky_solution(Device device, std::int64_t n, const double* factor, std::span<const double> b) {
  std::vector<double> x(b.begin(), b.end());
  Staged<double> solution(device, x.data(), x.size());
  kernels::cholesky_solve(device, n, factor, n, solution.data());
  solution.write_back();
  return x;
}

std::vector<double> shift_diagonal(Device device, std::int64_t n, double* matrix, double shift) {
  std::vector<double> diagonal = diagonal_of(device, n, matrix);
  for (double& value : diagonal) value += shift;
  kernels::set_diagonal(device, n, Staged<const double>(device, diagonal.data(), diagonal.size()).data(), matrix, n);
  return diagonal;
}

ShiftedSolution solve_shifted(Device device, ShiftedSystem& system) {
  const std::int64_t n = system.n;
  QS_ASSERT(static_cast<std::int64_t>(system.matrix.size()) == n * n);
  const std::vector<double> diagonal = shift_diagonal(device, n, system.matrix.data(), system.shift);
  const double size = frobenius_norm(device, system.matrix);
  if (!std::isfinite(size) || !all_finite(system.b0) || !all_finite(system.b1)) {
    throw NumericalError("the linear system of the optimizer has non-finite entries (the derivatives overflow); reduce the learning rate");
  }
  ShiftedSolution solution;
  if (try_cholesky(device, system, diagonal, size, solution)) return solution;

  const Spectrum spectrum = decompose(device, system, diagonal);
  const std::vector<double>& values = spectrum.values;
  const double largest = std::max(std::abs(values.front()), std::abs(values.back()));
  const double base = std::max(system.shift, lowest_raise * largest);
  double raised = system.shift;
  for (int attempt = 0; attempt <= raises; ++attempt) {
    if (attempt > 0) raised = base * std::pow(10.0, attempt);
    solution = spectral_solution(system, spectrum, raised - system.shift);
    solution.rung = 2 + attempt;
    if (acceptable(solution, n, largest)) return solution;
  }
  throw NumericalError("the optimizer's linear system is not positive definite (smallest eigenvalue " + std::to_string(values.front()) +
                       ", largest " + std::to_string(values.back()) + ") even with diag_shift " + std::to_string(raised) +
                       "; raise optimizer.diag_shift");
}

}  // namespace qs

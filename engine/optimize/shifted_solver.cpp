#include "engine/optimize/shifted_solver.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "engine/base/error.h"
#include "engine/optimize/state.h"
#include "kernels/api/linear_algebra.h"
#include "kernels/api/rows.h"

namespace qs {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr double cut_off = 1e-14;       // of pinv_smooth, relative to the largest eigenvalue
constexpr int raises = 3;               // the shift is raised at most three times, by 10 each
constexpr double lowest_raise = 1e-10;  // a vanishing shift is raised from this fraction of the largest eigenvalue

bool all_finite(std::span<const double> x) {
  return std::all_of(x.begin(), x.end(), [](double value) { return std::isfinite(value); });
}

// `leading`: values from row to row.
template <class Real>
std::vector<Real> diagonal_of(Device device, std::int64_t n, const Real* matrix, std::int64_t leading) {
  std::vector<Real> diagonal(n);
  kernels::memory(device).download_rows(diagonal.data(), sizeof(Real), matrix, (leading + 1) * sizeof(Real), sizeof(Real), n);
  return diagonal;
}

template <class Real>
std::vector<double> solve_with(Device device, std::int64_t n, const Real* factor, std::int64_t leading, std::span<const double> b) {
  std::vector<Real> x(b.begin(), b.end());
  Staged<Real> solution(device, x.data(), x.size());
  kernels::matrices<Real>(device).cholesky_solve(n, factor, leading, solution.data());
  solution.write_back();
  return {x.begin(), x.end()};
}

template <class Real>
double smallest_square(const std::vector<Real>& values) {
  double smallest = std::numeric_limits<double>::infinity();
  for (const double value : values) smallest = std::min(smallest, value * value);
  return smallest;
}

// A Gram matrix has no negative eigenvalue beyond rounding; one that has been spoilt (by float32 rows and a small shift) points uphill.
bool acceptable(const ShiftedSolution& solution, std::int64_t n, double largest) {
  return all_finite(solution.x) && solution.smallest_pivot >= -8 * static_cast<double>(n) * epsilon * largest;
}

}  // namespace

ShiftedMatrix::ShiftedMatrix(Device device, std::int64_t n, Buffer<double> a) : device_(device), n_(n), a_(std::move(a)) {
  if (a_.size() == 0) return;
  QS_ASSERT(static_cast<std::int64_t>(a_.size()) == n * n);
  diagonal_ = diagonal_of(device, n, a_.data(), n);
}

std::vector<double> ShiftedMatrix::RightHandSide::at(double shift) const {
  std::vector<double> b(b0.begin(), b0.end());
  for (std::size_t i = 0; i < b1.size(); ++i) b[i] += shift * b1[i];
  return b;
}

// Both triangles and the diagonal of A + shift.
void ShiftedMatrix::set_shift(double shift) {
  if (lower_ != Lower::mirror) kernels::symmetric(device_).mirror_upper(n_, a_.data(), n_);
  lower_ = Lower::mirror;
  set_diagonal(shift);
}

void ShiftedMatrix::set_diagonal(double shift) {
  std::vector<double> shifted = diagonal_;
  for (double& value : shifted) value += shift;
  kernels::symmetric(device_).set_diagonal(n_, Staged<const double>(device_, shifted.data(), shifted.size()).data(), a_.data(), n_);
}

bool ShiftedMatrix::cholesky() {
  lower_ = Lower::factor;
  return kernels::matrices<double>(device_).cholesky(n_, a_.data(), n_) == 0;
}

bool ShiftedMatrix::factor(double shift, FactorDigits digits) {
  if (spectrum_) return false;
  if (digits == FactorDigits::float64) {
    set_shift(shift);
    return cholesky();
  }
  set_diagonal(shift);
  lower_ = Lower::factor_float32;
  kernels::symmetric(device_).round_lower(n_, a_.data(), n_);
  return kernels::matrices<float>(device_).cholesky(n_, reinterpret_cast<float*>(a_.data()), 2 * n_) == 0;
}

double ShiftedMatrix::smallest_pivot() const {
  if (lower_ == Lower::factor_float32) return smallest_square(diagonal_of(device_, n_, reinterpret_cast<const float*>(a_.data()), 2 * n_));
  return smallest_square(diagonal_of(device_, n_, a_.data(), n_));
}

std::vector<double> ShiftedMatrix::solve_factored(std::span<const double> b) const {
  if (lower_ == Lower::factor_float32) return solve_with(device_, n_, reinterpret_cast<const float*>(a_.data()), 2 * n_, b);
  return solve_with(device_, n_, a_.data(), n_, b);
}

// The Frobenius norm of what stands in the matrix.
double ShiftedMatrix::size() const {
  double sum = 0;
  Staged<double> result(device_, &sum, 1);
  kernels::jacobian_rows<double>(device_).sum_of_squares(static_cast<std::int64_t>(a_.size()), a_.data(), result.data());
  result.write_back();
  return std::sqrt(sum);
}

// |(A + shift) x - b| after the factorisation.
double ShiftedMatrix::residual_norm(double shift, const std::vector<double>& x, const std::vector<double>& b) const {
  std::vector<double> image(x.size()), shifted = diagonal_;
  for (double& value : shifted) value += shift;
  const Staged<const double> of(device_, x.data(), x.size()), pivots(device_, shifted.data(), shifted.size());
  Staged<double> product(device_, image.data(), image.size());
  kernels::symmetric(device_).multiply(n_, a_.data(), n_, pivots.data(), of.data(), product.data());
  product.write_back();
  for (std::size_t i = 0; i < image.size(); ++i) image[i] -= b[i];
  return euclidean_norm(image);
}

// Rung 1. True if the factor exists and the solution is backward stable: |r| <= 10 n eps (|A| |x| + |b|), which Cholesky guarantees up to a constant
// of order one (Higham, Accuracy and Stability, theorem 10.4) unless something is wrong. `size`: |A + shift|
bool ShiftedMatrix::try_cholesky(const RightHandSide& right, double shift, double size, ShiftedSolution& out) {
  if (!cholesky()) return false;
  const double smallest = smallest_pivot();
  const std::vector<double> b = right.at(shift);
  std::vector<double> x = solve_factored(b);
  if (!all_finite(x)) return false;
  const double error = residual_norm(shift, x, b);
  const double bound = 10 * static_cast<double>(n_) * epsilon * (size * euclidean_norm(x) + euclidean_norm(b));
  if (!(error <= bound)) return false;
  out = {std::move(x), 1, shift, smallest, euclidean_norm(b) > 0 ? error / euclidean_norm(b) : 0.0};
  return true;
}

void ShiftedMatrix::decompose(double shift) {
  set_shift(shift);
  Spectrum spectrum;
  spectrum.shift = shift;
  spectrum.values.resize(n_);
  Staged<double> eigenvalues(device_, spectrum.values.data(), spectrum.values.size());
  const std::int64_t info = kernels::symmetric(device_).eigen(n_, a_.data(), n_, eigenvalues.data());
  eigenvalues.write_back();
  if (info != 0) {
    throw NumericalError("the eigen-decomposition of the optimizer's " + std::to_string(n_) + " x " + std::to_string(n_) +
                         " matrix did not converge (info " + std::to_string(info) + "); raise optimizer.diag_shift");
  }
  spectrum.vectors = host_view(device_, a_.data(), a_.size(), spectrum.copy);
  spectrum_ = std::move(spectrum);
}

// x = V^T f(s) V b with f = (1/s) / (1 + (cut_off s_max/|s|)^6) for |s| > cut_off s_max, else 0 (the smooth pseudo-inverse of NetKet).
ShiftedSolution ShiftedMatrix::spectral_solution(const RightHandSide& right, double shift) const {
  const std::vector<double>& values = spectrum_->values;
  const double extra = shift - spectrum_->shift;
  const std::vector<double> b = right.at(shift);
  const double largest = std::max(std::abs(values.front() + extra), std::abs(values.back() + extra));
  ShiftedSolution out{std::vector<double>(n_, 0.0), 2, shift, values.front() + extra, 0.0};
  double missed = 0;
  for (std::int64_t k = 0; k < n_; ++k) {
    const double* vector = spectrum_->vectors + k * n_;
    const double s = values[k] + extra;
    double projection = 0;
    for (std::int64_t i = 0; i < n_; ++i) projection += vector[i] * b[i];
    double factor = 0;
    if (std::abs(s) > cut_off * largest) factor = 1 / (s * (1 + std::pow(cut_off * largest / std::abs(s), 6)));
    missed += std::pow((s * factor - 1) * projection, 2);
    for (std::int64_t i = 0; i < n_; ++i) out.x[i] += factor * projection * vector[i];
  }
  const double size = euclidean_norm(b);
  out.residual = size > 0 ? std::sqrt(missed) / size : 0.0;
  return out;
}

ShiftedSolution ShiftedMatrix::solve_spectrally(const RightHandSide& right, double shift) const {
  const double lowest = spectrum_->values.front(), highest = spectrum_->values.back();
  const double largest = std::max(std::abs(lowest), std::abs(highest));
  const double base = std::max(shift, lowest_raise * largest);
  double raised = shift;
  for (int attempt = 0; attempt <= raises; ++attempt) {
    if (attempt > 0) raised = base * std::pow(10.0, attempt);
    ShiftedSolution solution = spectral_solution(right, raised);
    solution.rung = 2 + attempt;
    if (acceptable(solution, n_, largest)) return solution;
  }
  throw NumericalError("the optimizer's linear system is not positive definite (smallest eigenvalue " + std::to_string(lowest) + ", largest " +
                       std::to_string(highest) + ") even with diag_shift " + std::to_string(raised) + "; raise optimizer.diag_shift");
}

ShiftedSolution ShiftedMatrix::solve(std::span<const double> b0, std::span<const double> b1, double shift) {
  QS_ASSERT(static_cast<std::int64_t>(diagonal_.size()) == n_);
  const RightHandSide right{b0, b1};
  if (!all_finite(b0) || !all_finite(b1) || !all_finite(diagonal_)) {
    throw NumericalError("the linear system of the optimizer has non-finite entries (the derivatives overflow); reduce the learning rate");
  }
  if (!spectrum_) {
    set_shift(shift);
    const double size = this->size();
    if (!std::isfinite(size)) {
      throw NumericalError("the linear system of the optimizer has non-finite entries (the derivatives overflow); reduce the learning rate");
    }
    ShiftedSolution solution;
    if (try_cholesky(right, shift, size, solution)) return solution;
    decompose(shift);
  }
  return solve_spectrally(right, shift);
}

}  // namespace qs

#include "engine/energy/krylov_space.h"

#include <Eigen/Eigenvalues>
#include <cmath>
#include <complex>

#include "engine/energy/lanczos_step.h"
#include "engine/energy/local_energy.h"

namespace qs {
namespace {

using Complex = std::complex<double>;
using Vector = std::vector<Complex>;

// psi over the bases of all problems, norm 1 in each.
Vector amplitudes(Communicator& comm, const SampleSet& samples) {
  Vector mine;
  for (std::size_t i = 0; i < samples.weight.size(); ++i) {
    const double phase = samples.log_psi[i].imag();
    mine.push_back(samples.weight[i] > 0 ? std::polar(std::sqrt(samples.weight[i]), phase) : Complex(0));
  }
  return gather_rows(comm, mine);
}

struct Range {
  std::size_t begin, end;
};

Complex overlap(const Vector& a, const Vector& b, Range range) {
  Complex sum = 0;
  for (std::size_t i = range.begin; i < range.end; ++i) sum += std::conj(a[i]) * b[i];
  return sum;
}

void subtract(Vector& from, Complex factor, const Vector& what, Range range) {
  for (std::size_t i = range.begin; i < range.end; ++i) from[i] -= factor * what[i];
}

std::vector<std::vector<double>> overlaps_on_zeros(const std::vector<Vector>& vectors, const std::vector<bool>& zero, Range range) {
  std::vector<std::vector<double>> sums(vectors.size(), std::vector<double>(vectors.size()));
  for (std::size_t i = range.begin; i < range.end; ++i) {
    if (!zero[i]) continue;
    for (std::size_t j = 0; j < vectors.size(); ++j) {
      for (std::size_t k = 0; k < vectors.size(); ++k) sums[j][k] += (std::conj(vectors[j][i]) * vectors[k][i]).real();
    }
  }
  return sums;
}

}  // namespace

std::vector<KrylovSpace> krylov_spaces(Communicator& comm, const ProblemFamily& family, const SampleSet& samples, int steps) {
  const std::vector<std::vector<double>> couplings = couplings_of(family);
  std::vector<Range> ranges;
  for (const Problem& problem : family.problems) {
    const std::size_t begin = ranges.empty() ? 0 : ranges.back().end;
    ranges.push_back({begin, begin + static_cast<std::size_t>(problem.sector.dimension())});
  }
  std::vector<KrylovSpace> spaces(family.size());
  std::vector<Vector> vectors{amplitudes(comm, samples)};
  std::vector<bool> zero;
  for (const Complex value : vectors[0]) zero.push_back(value == 0.0);
  for (int k = 0; k <= steps; ++k) {
    Vector next = gather_rows(comm, apply_exact(family.table, couplings, family, samples, vectors[k]));
    for (int g = 0; g < family.size(); ++g) {
      const Range range = ranges[g];
      KrylovSpace& space = spaces[g];
      space.diagonal.push_back(overlap(vectors[k], next, range).real());
      for (int sweep = 0; sweep < 2; ++sweep) {  // once more for what rounding left of the first time
        for (const Vector& vector : vectors) subtract(next, overlap(vector, next, range), vector, range);
      }
      const double norm = std::sqrt(overlap(next, next, range).real());
      space.coupling.push_back(norm > eigenstate_spread * std::abs(space.diagonal[0]) ? norm : 0);
      for (std::size_t i = range.begin; i < range.end; ++i) next[i] = space.coupling.back() > 0 ? next[i] / norm : 0;
    }
    vectors.push_back(std::move(next));
  }
  vectors.pop_back();
  for (int g = 0; g < family.size(); ++g) spaces[g].overlap_on_zeros = overlaps_on_zeros(vectors, zero, ranges[g]);
  return spaces;
}

KrylovSpace::State KrylovSpace::lowest(int steps) const {
  int size = 1;
  while (size <= steps && coupling[size - 1] > 0) ++size;
  Eigen::MatrixXd h = Eigen::MatrixXd::Zero(size, size);
  for (int k = 0; k < size; ++k) {
    h(k, k) = diagonal[k];
    if (k > 0) h(k, k - 1) = h(k - 1, k) = coupling[k - 1];
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(h);
  const Eigen::VectorXd state = solver.eigenvectors().col(0);
  const double residual = coupling[size - 1] * state(size - 1);
  State result{.energy = solver.eigenvalues()(0), .variance = residual * residual, .coefficients = {state.begin(), state.end()}, .zeros = 0};
  for (int j = 0; j < size; ++j) {
    for (int k = 0; k < size; ++k) result.zeros += state(j) * state(k) * overlap_on_zeros[j][k];
  }
  return result;
}

double KrylovSpace::skewness() const { return coupling[0] > 0 ? (diagonal[1] - diagonal[0]) / coupling[0] : 0; }

}  // namespace qs

#include "engine/ed/translations.h"

#include <Eigen/Dense>

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>

#include "engine/base/error.h"
#include "engine/base/parallel.h"
#include "engine/ed/level_search.h"

namespace qs {
namespace {

template <class Scalar>
using Vector = std::vector<Scalar>;
template <class Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

// The mode that every mode moves to when the lattice is moved by `cells` along an axis; whether its ends are open plays no part.
std::vector<int> moved_modes(const Lattice& lattice, const Sector& sector, int axis, int cells) {
  LatticeOptions closed = lattice.options();
  closed.boundary.assign(lattice.axes(), Boundary::periodic);
  CellVector step{};
  step[axis] = cells;
  const std::vector<int> sites = Lattice(std::move(closed)).translation(step);
  std::vector<int> image(sector.modes());
  for (int mode = 0; mode < sector.modes(); ++mode) {
    const int site = mode % lattice.sites();
    image[mode] = mode - site + sites[site];
  }
  return image;
}

// (T f)(T sigma) = f(sigma).
template <class Scalar>
Vector<Scalar> moved(const Sector& sector, const std::vector<int>& modes, const Vector<Scalar>& f) {
  constexpr std::int64_t piece = 4096;
  Vector<Scalar> image(f.size());
  const auto dimension = static_cast<std::int64_t>(f.size());
  parallel_for((dimension + piece - 1) / piece, [&](std::int64_t p) {
    for (std::int64_t i = p * piece; i < std::min(dimension, (p + 1) * piece); ++i) {
      Word there = 0;
      for (Word left = sector.state(i); left != 0; left &= left - 1) there |= Word{1} << modes[std::countr_zero(left)];
      image[sector.index(there)] = f[i];
    }
  });
  return image;
}

// The mean over all translations by multiples of `step` along an axis.
template <class Scalar>
Vector<Scalar> averaged(const Lattice& lattice, const Sector& sector, int axis, int step, Vector<Scalar> f) {
  const int count = lattice.options().size[axis] / step;
  const std::vector<int> modes = moved_modes(lattice, sector, axis, step);
  Vector<Scalar> sum = f;
  for (int m = 1; m < count; ++m) {
    f = moved(sector, modes, f);
    for (std::size_t i = 0; i < f.size(); ++i) sum[i] += f[i];
  }
  for (Scalar& value : sum) value /= count;
  return sum;
}

// <a|T|b> over the level.
template <class Scalar>
Matrix<Scalar> translation_matrix(const Lattice& lattice, const Sector& sector, std::span<const Vector<Scalar>> level, int axis) {
  const std::vector<int> modes = moved_modes(lattice, sector, axis, 1);
  Matrix<Scalar> matrix(level.size(), level.size());
  for (std::size_t b = 0; b < level.size(); ++b) {
    const Vector<Scalar> image = moved(sector, modes, level[b]);
    for (std::size_t a = 0; a < level.size(); ++a) matrix(a, b) = dot(level[a], image);
  }
  return matrix;
}

// Tr T_R over the level for all cells R, the last axis fastest.
template <class Scalar>
std::vector<Scalar> traces(const std::vector<Matrix<Scalar>>& steps, const std::vector<int>& size) {
  std::vector<Matrix<Scalar>> products{Matrix<Scalar>::Identity(steps[0].rows(), steps[0].rows())};
  for (std::size_t axis = 0; axis < steps.size(); ++axis) {
    std::vector<Matrix<Scalar>> longer;
    for (Matrix<Scalar>& product : products) {
      for (int n = 0; n < size[axis]; ++n, product *= steps[axis]) longer.push_back(product);
    }
    products = std::move(longer);
  }
  std::vector<Scalar> all;
  for (const Matrix<Scalar>& product : products) all.push_back(product.trace());
  return all;
}

// Of z e^(i angle).
double turned_real_part(double z, double angle) { return z * std::cos(angle); }
double turned_real_part(std::complex<double> z, double angle) { return z.real() * std::cos(angle) - z.imag() * std::sin(angle); }

template <class Scalar>
std::vector<std::vector<int>> momenta_of(const Lattice& lattice, const Sector& sector, std::span<const Vector<Scalar>> level) {
  constexpr double closed = 1e-6;  // |T T^+ - 1| of a level that translations map onto itself
  std::vector<Matrix<Scalar>> steps;
  for (int axis = 0; axis < lattice.axes(); ++axis) {
    const Matrix<Scalar>& matrix = steps.emplace_back(translation_matrix(lattice, sector, level, axis));
    if (!(matrix * matrix.adjoint()).isIdentity(closed)) return {};
  }
  const std::vector<Scalar> trace = traces(steps, lattice.options().size);
  std::vector<std::vector<int>> momenta;
  for (const Momentum& q : lattice.momenta()) {
    // k occurs (1/|T|) sum_R exp(i k R) Tr T_R times, a real number.
    double count = 0;
    for (std::size_t r = 0; r < trace.size(); ++r) {
      const CellVector cell = lattice.cell_vector(static_cast<int>(r) * lattice.basis());
      double turns = 0;
      for (int axis = 0; axis < lattice.axes(); ++axis) turns += double(q.k[axis]) * cell[axis] / q.of[axis];
      count += turned_real_part(trace[r], 2 * M_PI * turns) / static_cast<double>(trace.size());
    }
    momenta.insert(momenta.end(), std::lround(count), std::vector<int>(q.k.begin(), q.k.begin() + lattice.axes()));
  }
  return momenta;
}

template <class Scalar>
TranslationContent content_of(const Lattice& lattice, const Sector& sector, std::span<const Vector<Scalar>> level, const std::vector<int>& steps) {
  // The projector P on the functions that do not change, within the level: its largest eigenvalue is the squared overlap.
  Matrix<Scalar> projector(level.size(), level.size());
  for (std::size_t b = 0; b < level.size(); ++b) {
    Vector<Scalar> image = level[b];
    for (int axis = 0; axis < lattice.axes(); ++axis) image = averaged(lattice, sector, axis, steps[axis], std::move(image));
    for (std::size_t a = 0; a < level.size(); ++a) projector(a, b) = dot(level[a], image);
  }
  const Eigen::SelfAdjointEigenSolver<Matrix<Scalar>> solver(projector, Eigen::EigenvaluesOnly);
  TranslationContent content;
  content.largest_overlap = std::sqrt(std::clamp(solver.eigenvalues().maxCoeff(), 0.0, 1.0));
  content.momenta = momenta_of(lattice, sector, level);
  return content;
}

}  // namespace

TranslationContent translation_content(const Lattice& lattice, const Sector& sector, const EdResult& exact, const std::vector<int>& steps) {
  QS_ASSERT(static_cast<int>(steps.size()) == lattice.axes() && !lattice.is_tilted());
  const auto level = [&](const auto& states) { return std::span(states).first(exact.degeneracy); };
  return exact.complex_states.empty() ? content_of(lattice, sector, level(exact.states), steps)
                                      : content_of(lattice, sector, level(exact.complex_states), steps);
}

}  // namespace qs

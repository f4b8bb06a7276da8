#include "engine/ed/translations.h"

#include <Eigen/Dense>

#include <algorithm>
#include <bit>
#include <cmath>

#include "kernels/api/error.h"
#include "kernels/api/parallel.h"

namespace qs {
namespace {

using Vector = std::vector<double>;

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
Vector moved(const Sector& sector, const std::vector<int>& modes, const Vector& f) {
  constexpr std::int64_t piece = 4096;
  Vector image(f.size());
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

double dot(const Vector& a, const Vector& b) {
  return Eigen::Map<const Eigen::VectorXd>(a.data(), a.size()).dot(Eigen::Map<const Eigen::VectorXd>(b.data(), b.size()));
}

// The mean over all translations by multiples of `step` along an axis.
Vector averaged(const Lattice& lattice, const Sector& sector, int axis, int step, Vector f) {
  const int count = lattice.options().size[axis] / step;
  const std::vector<int> modes = moved_modes(lattice, sector, axis, step);
  Vector sum = f;
  for (int m = 1; m < count; ++m) {
    f = moved(sector, modes, f);
    for (std::size_t i = 0; i < f.size(); ++i) sum[i] += f[i];
  }
  for (double& value : sum) value /= count;
  return sum;
}

// <a|T|b> over the level.
Eigen::MatrixXd translation_matrix(const Lattice& lattice, const Sector& sector, const EdResult& exact, int axis) {
  const std::vector<int> modes = moved_modes(lattice, sector, axis, 1);
  Eigen::MatrixXd matrix(exact.degeneracy, exact.degeneracy);
  for (int b = 0; b < exact.degeneracy; ++b) {
    const Vector image = moved(sector, modes, exact.states[b]);
    for (int a = 0; a < exact.degeneracy; ++a) matrix(a, b) = dot(exact.states[a], image);
  }
  return matrix;
}

// Tr T_R over the level for all cells R, the last axis fastest.
std::vector<double> traces(const std::vector<Eigen::MatrixXd>& steps, const std::vector<int>& size) {
  std::vector<Eigen::MatrixXd> products{Eigen::MatrixXd::Identity(steps[0].rows(), steps[0].rows())};
  for (std::size_t axis = 0; axis < steps.size(); ++axis) {
    std::vector<Eigen::MatrixXd> longer;
    for (Eigen::MatrixXd& product : products) {
      for (int n = 0; n < size[axis]; ++n, product *= steps[axis]) longer.push_back(product);
    }
    products = std::move(longer);
  }
  std::vector<double> all;
  for (const Eigen::MatrixXd& product : products) all.push_back(product.trace());
  return all;
}

std::vector<std::vector<int>> momenta_of(const Lattice& lattice, const Sector& sector, const EdResult& exact) {
  constexpr double closed = 1e-6;  // |T T^t - 1| of a level that translations map onto itself
  std::vector<Eigen::MatrixXd> steps;
  for (int axis = 0; axis < lattice.axes(); ++axis) {
    const Eigen::MatrixXd& matrix = steps.emplace_back(translation_matrix(lattice, sector, exact, axis));
    if (!(matrix * matrix.transpose()).isIdentity(closed)) return {};
  }
  const std::vector<double> trace = traces(steps, lattice.options().size);
  std::vector<std::vector<int>> momenta;
  for (const Momentum& q : lattice.momenta()) {
    // k occurs (1/|T|) sum_R exp(i k R) Tr T_R times; the level is real, so the sine part cancels.
    double count = 0;
    for (std::size_t r = 0; r < trace.size(); ++r) {
      const CellVector cell = lattice.cell_vector(static_cast<int>(r) * lattice.basis());
      double turns = 0;
      for (int axis = 0; axis < lattice.axes(); ++axis) turns += double(q.k[axis]) * cell[axis] / q.of[axis];
      count += trace[r] * std::cos(2 * M_PI * turns) / static_cast<double>(trace.size());
    }
    momenta.insert(momenta.end(), std::lround(count), std::vector<int>(q.k.begin(), q.k.begin() + lattice.axes()));
  }
  return momenta;
}

}  // namespace

TranslationContent translation_content(const Lattice& lattice, const Sector& sector, const EdResult& exact, const std::vector<int>& steps) {
  QS_ASSERT(static_cast<int>(steps.size()) == lattice.axes() && !lattice.is_tilted());
  // The projector P on the functions that do not change, within the level: its largest eigenvalue is the squared overlap.
  Eigen::MatrixXd projector(exact.degeneracy, exact.degeneracy);
  for (int b = 0; b < exact.degeneracy; ++b) {
    Vector image = exact.states[b];
    for (int axis = 0; axis < lattice.axes(); ++axis) image = averaged(lattice, sector, axis, steps[axis], std::move(image));
    for (int a = 0; a < exact.degeneracy; ++a) projector(a, b) = dot(exact.states[a], image);
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(projector, Eigen::EigenvaluesOnly);
  TranslationContent content;
  content.largest_overlap = std::sqrt(std::clamp(solver.eigenvalues().maxCoeff(), 0.0, 1.0));
  content.momenta = momenta_of(lattice, sector, exact);
  return content;
}

}  // namespace qs

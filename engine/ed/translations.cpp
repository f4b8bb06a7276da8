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

// The mode that every mode moves to when the lattice is moved by `cells` along an axis.
std::vector<int> moved_modes(const Lattice& lattice, const Sector& sector, int axis, int cells) {
  const std::vector<int>& size = lattice.options().size;
  std::vector<int> image(sector.modes());
  for (int mode = 0; mode < sector.modes(); ++mode) {
    const int site = mode % lattice.sites();
    const auto [x, y, b] = lattice.cell_of(site);
    const int to = axis == 0 ? lattice.site_at((x + cells) % size[0], y, b) : lattice.site_at(x, (y + cells) % size[1], b);
    image[mode] = mode - site + to;
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

// Tr T_R over the level for all R = (x, y), y fastest.
std::vector<double> traces(const std::vector<Eigen::MatrixXd>& steps, const std::vector<int>& size) {
  std::vector<double> all;
  Eigen::MatrixXd along_x = Eigen::MatrixXd::Identity(steps[0].rows(), steps[0].rows());
  for (int x = 0; x < size[0]; ++x, along_x *= steps[0]) {
    Eigen::MatrixXd product = along_x;
    for (int y = 0; y < size[1]; ++y, product *= steps[1]) all.push_back(product.trace());
  }
  return all;
}

std::vector<std::vector<int>> momenta_of(const Lattice& lattice, const Sector& sector, const EdResult& exact) {
  constexpr double closed = 1e-6;  // |T T^t - 1| of a level that translations map onto itself
  std::vector<int> size = lattice.options().size;
  std::vector<Eigen::MatrixXd> steps;
  for (int axis = 0; axis < lattice.axes(); ++axis) {
    const Eigen::MatrixXd& matrix = steps.emplace_back(translation_matrix(lattice, sector, exact, axis));
    if (!(matrix * matrix.transpose()).isIdentity(closed)) return {};
  }
  if (lattice.axes() == 1) {
    size.push_back(1);
    steps.push_back(steps[0]);  // never reached: one step along y
  }
  const std::vector<double> trace = traces(steps, size);
  std::vector<std::vector<int>> momenta;
  for (int kx = 0; kx < size[0]; ++kx) {
    for (int ky = 0; ky < size[1]; ++ky) {
      // k occurs (1/|T|) sum_R exp(i k R) Tr T_R times; the level is real, so the sine part cancels.
      double count = 0;
      for (std::size_t r = 0; r < trace.size(); ++r) {
        const int x = static_cast<int>(r) / size[1], y = static_cast<int>(r) % size[1];
        count += trace[r] * std::cos(2 * M_PI * (double(kx) * x / size[0] + double(ky) * y / size[1])) / static_cast<double>(trace.size());
      }
      const std::vector<int> k = lattice.axes() == 1 ? std::vector<int>{kx} : std::vector<int>{kx, ky};
      momenta.insert(momenta.end(), std::lround(count), k);
    }
  }
  return momenta;
}

}  // namespace

TranslationContent translation_content(const Lattice& lattice, const Sector& sector, const EdResult& exact, const std::vector<int>& steps) {
  QS_ASSERT(static_cast<int>(steps.size()) == lattice.axes());
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

#include "engine/ed/translations.h"

#include <Eigen/Dense>

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>

#include "engine/ed/level_search.h"
#include "kernels/api/error.h"
#include "kernels/api/parallel.h"

namespace qs {
namespace {

template <class Scalar>
using Vector = std::vector<Scalar>;
template <class Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

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

// Tr T_R over the level for all R = (x, y), y fastest.
template <class Scalar>
std::vector<Scalar> traces(const std::vector<Matrix<Scalar>>& steps, const std::vector<int>& size) {
  std::vector<Scalar> all;
  Matrix<Scalar> along_x = Matrix<Scalar>::Identity(steps[0].rows(), steps[0].rows());
  for (int x = 0; x < size[0]; ++x, along_x *= steps[0]) {
    Matrix<Scalar> product = along_x;
    for (int y = 0; y < size[1]; ++y, product *= steps[1]) all.push_back(product.trace());
  }
  return all;
}

// Of z e^(i angle).
double turned_real_part(double z, double angle) { return z * std::cos(angle); }
double turned_real_part(std::complex<double> z, double angle) { return z.real() * std::cos(angle) - z.imag() * std::sin(angle); }

template <class Scalar>
std::vector<std::vector<int>> momenta_of(const Lattice& lattice, const Sector& sector, std::span<const Vector<Scalar>> level) {
  constexpr double closed = 1e-6;  // |T T^+ - 1| of a level that translations map onto itself
  std::vector<int> size = lattice.options().size;
  std::vector<Matrix<Scalar>> steps;
  for (int axis = 0; axis < lattice.axes(); ++axis) {
    const Matrix<Scalar>& matrix = steps.emplace_back(translation_matrix(lattice, sector, level, axis));
    if (!(matrix * matrix.adjoint()).isIdentity(closed)) return {};
  }
  if (lattice.axes() == 1) {
    size.push_back(1);
    steps.push_back(steps[0]);  // never reached: one step along y
  }
  const std::vector<Scalar> trace = traces(steps, size);
  std::vector<std::vector<int>> momenta;
  for (int kx = 0; kx < size[0]; ++kx) {
    for (int ky = 0; ky < size[1]; ++ky) {
      // k occurs (1/|T|) sum_R exp(i k R) Tr T_R times, a real number.
      double count = 0;
      for (std::size_t r = 0; r < trace.size(); ++r) {
        const int x = static_cast<int>(r) / size[1], y = static_cast<int>(r) % size[1];
        const double angle = 2 * M_PI * (double(kx) * x / size[0] + double(ky) * y / size[1]);
        count += turned_real_part(trace[r], angle) / static_cast<double>(trace.size());
      }
      const std::vector<int> k = lattice.axes() == 1 ? std::vector<int>{kx} : std::vector<int>{kx, ky};
      momenta.insert(momenta.end(), std::lround(count), k);
    }
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
  QS_ASSERT(static_cast<int>(steps.size()) == lattice.axes());
  const auto level = [&](const auto& states) { return std::span(states).first(exact.degeneracy); };
  return exact.complex_states.empty() ? content_of(lattice, sector, level(exact.states), steps)
                                      : content_of(lattice, sector, level(exact.complex_states), steps);
}

}  // namespace qs

#include "hamiltonians/site_images.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "kernels/api/error.h"

namespace qs {

namespace {

constexpr double kSameLength = 1e-6;  // separates distances of a lattice from rounding

using Vector = std::array<double, 2>;

double length(const Vector& v) { return std::hypot(v[0], v[1]); }

Vector displacement(const Lattice& lattice, int from, const Image& to) {
  const Vector a = lattice.position(from), b = lattice.position(to.site);
  Vector result = {b[0] - a[0], b[1] - a[1]};
  for (int axis = 0; axis < lattice.axes(); ++axis) {
    for (int i = 0; i < 2; ++i) result[i] += to.winding[axis] * lattice.options().size[axis] * lattice.primitive(axis)[i];
  }
  return result;
}

bool points_right(const Vector& v) { return std::abs(v[0]) > kSameLength ? v[0] > 0 : v[1] > 0; }

int windings(const Winding& w) { return std::abs(w[0]) + std::abs(w[1]) + std::abs(w[2]); }

// All images of a site that wind at most `range` times around each axis that closes.
std::vector<Image> images(const Lattice& lattice, int site, int range) {
  std::vector<Image> result = {{site, {}}};
  for (int axis = 0; axis < lattice.axes(); ++axis) {
    if (lattice.options().boundary[axis] == Boundary::open) continue;
    const std::vector<Image> before = std::move(result);
    result.clear();
    for (Image image : before) {
      for (image.winding[axis] = -range; image.winding[axis] <= range; ++image.winding[axis]) result.push_back(image);
    }
  }
  std::stable_sort(result.begin(), result.end(), [](const Image& a, const Image& b) { return windings(a.winding) < windings(b.winding); });
  return result;
}

// The shell-th distance of the infinite lattice; 2 shell + 2 cells reach far enough (see shell_steps in lattice.cpp).
double shell_distance(const Lattice& lattice, int shell) {
  const int range = 2 * shell + 2;
  std::vector<double> lengths;
  for (int dx = -range; dx <= range; ++dx) {
    for (int dy = lattice.axes() == 1 ? 0 : -range; dy <= (lattice.axes() == 1 ? 0 : range); ++dy) {
      for (int from = 0; from < lattice.basis(); ++from) {
        for (int to = 0; to < lattice.basis(); ++to) {
          Vector v = {lattice.position(to)[0] - lattice.position(from)[0], lattice.position(to)[1] - lattice.position(from)[1]};
          for (int i = 0; i < 2; ++i) v[i] += dx * lattice.primitive(0)[i] + (dy == 0 ? 0 : dy * lattice.primitive(1)[i]);
          lengths.push_back(length(v));
        }
      }
    }
  }
  std::sort(lengths.begin(), lengths.end());
  lengths.erase(std::unique(lengths.begin(), lengths.end(), [](double a, double b) { return b - a < kSameLength; }), lengths.end());
  return lengths.at(shell);
}

int wrapped(int coordinate, int length) { return ((coordinate % length) + length) % length; }

}  // namespace

std::optional<Image> image(const Lattice& lattice, int from, const std::array<int, 3>& offset, int basis) {
  QS_ASSERT(basis >= 0 && basis < lattice.basis());
  const std::array<int, 3> cell = lattice.cell_of(from);
  std::array<int, 3> target = {};
  Image result;
  for (int axis = 0; axis < lattice.axes(); ++axis) {
    const int size = lattice.options().size[axis];
    const int coordinate = cell[axis] + offset[axis];
    target[axis] = wrapped(coordinate, size);
    result.winding[axis] = (coordinate - target[axis]) / size;
    if (result.winding[axis] != 0 && lattice.options().boundary[axis] == Boundary::open) return std::nullopt;
  }
  result.site = lattice.site_at(target[0], target[1], basis);
  return result;
}

Image nearest_image(const Lattice& lattice, int from, int to) {
  constexpr int range = 2;  // positions lie within one period, and primitive vectors enclose at least 60 degrees
  const std::vector<Image> all = images(lattice, to, range);
  Image nearest = all[0];
  for (const Image& candidate : all) {
    if (length(displacement(lattice, from, candidate)) < length(displacement(lattice, from, nearest)) - kSameLength) nearest = candidate;
  }
  return nearest;
}

std::vector<DirectedBond> directed_bonds(const Lattice& lattice, int shell) {
  const std::vector<Bond> bonds = lattice.bonds(shell);
  const double distance = shell_distance(lattice, shell);
  std::vector<DirectedBond> result;
  for (const Bond& bond : bonds) {
    std::vector<Image> found;  // fewest windings first
    for (const Image& candidate : images(lattice, bond.j, shell + 2)) {
      if (std::abs(length(displacement(lattice, bond.i, candidate)) - distance) < kSameLength) found.push_back(candidate);
    }
    QS_ASSERT(!found.empty());
    DirectedBond directed{bond.i, found[0], {}};
    if (!points_right(displacement(lattice, bond.i, found[0]))) {
      directed = {bond.j, {bond.i, {-found[0].winding[0], -found[0].winding[1], -found[0].winding[2]}}, {}};
    }
    for (const Image& other : found) {
      for (int axis = 0; axis < 3; ++axis) directed.merged[axis] = directed.merged[axis] || other.winding[axis] != found[0].winding[axis];
    }
    result.push_back(directed);
  }
  return result;
}

}  // namespace qs

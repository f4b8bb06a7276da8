#include "hamiltonians/site_images.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace qs {

namespace {

// The periodicity vector of an axis, in cells.
CellVector period_in_cells(const Lattice& lattice, int axis) {
  if (lattice.is_tilted()) return lattice.options().torus[axis];
  CellVector cells{};
  cells[axis] = lattice.options().size[axis];
  return cells;
}

Vector3 period(const Lattice& lattice, int axis) {
  const CellVector cells = period_in_cells(lattice, axis);
  Vector3 result{};
  for (int a = 0; a < lattice.axes(); ++a) {
    for (int i = 0; i < 3; ++i) result[i] += cells[a] * lattice.primitive(a)[i];
  }
  return result;
}

Vector3 displacement(const Lattice& lattice, int from, const Image& to) {
  const Vector3 a = lattice.position(from), b = lattice.position(to.site);
  Vector3 result = {b[0] - a[0], b[1] - a[1], b[2] - a[2]};
  for (int axis = 0; axis < lattice.axes(); ++axis) {
    const Vector3 full = period(lattice, axis);
    for (int i = 0; i < 3; ++i) result[i] += to.winding[axis] * full[i];
  }
  return result;
}

double length(const Vector3& v) { return std::sqrt(dot(v, v)); }

bool points_right(const Vector3& v, double tolerance) {
  for (const double component : v) {
    if (std::abs(component) > tolerance) return component > 0;
  }
  return true;
}

int windings(const CellVector& w) { return std::abs(w[0]) + std::abs(w[1]) + std::abs(w[2]); }

CellVector opposite(const CellVector& w) { return {-w[0], -w[1], -w[2]}; }

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

// Distances of a lattice that differ by less than this are equal.
double tolerance(const Lattice& lattice) { return lattice.has_cells() ? 1e-6 * shortest_primitive(lattice.cell()) : 1e-6; }

}  // namespace

Image nearest_image(const Lattice& lattice, int from, int to) {
  if (!lattice.has_cells()) return {to, {}};
  constexpr int range = 3;  // positions lie within one period; periodicity vectors at sharp angles need a few more
  const std::vector<Image> all = images(lattice, to, range);
  Image nearest = all[0];
  for (const Image& candidate : all) {
    if (length(displacement(lattice, from, candidate)) < length(displacement(lattice, from, nearest)) - tolerance(lattice)) nearest = candidate;
  }
  return nearest;
}

std::vector<Image> nearest_images(const Lattice& lattice, int from, int to) {
  const Image nearest = nearest_image(lattice, from, to);
  if (!lattice.has_cells()) return {nearest};
  const double shortest = length(displacement(lattice, from, nearest));
  std::vector<Image> result;
  for (const Image& candidate : images(lattice, to, 3)) {
    if (length(displacement(lattice, from, candidate)) < shortest + tolerance(lattice)) result.push_back(candidate);
  }
  return result;
}

Vector3 image_fractional(const Lattice& lattice, const Image& image) {
  Vector3 result = lattice.fractional(image.site);
  for (int axis = 0; axis < lattice.axes(); ++axis) {
    for (int a = 0; a < lattice.axes(); ++a) result[a] += image.winding[axis] * period_in_cells(lattice, axis)[a];
  }
  return result;
}

std::vector<DirectedBond> directed(const Lattice& lattice, const std::vector<Bond>& bonds) {
  std::vector<DirectedBond> result;
  for (const Bond& bond : bonds) {
    const Image there{bond.j, bond.winding};
    const bool right = !lattice.has_positions() || points_right(displacement(lattice, bond.i, there), tolerance(lattice));
    if (right)
      result.push_back({bond.i, there, bond.merged});
    else
      result.push_back({bond.j, {bond.i, opposite(bond.winding)}, bond.merged});
  }
  return result;
}

}  // namespace qs

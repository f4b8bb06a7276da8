#include "hamiltonians/unit_cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

#include "engine/base/error.h"
#include "hamiltonians/shells.h"

namespace qs {

namespace {

Vector3 cross(const Vector3& a, const Vector3& b) { return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]}; }

Vector3 unit(const Vector3& a) {
  const double length = std::sqrt(dot(a, a));
  return {a[0] / length, a[1] / length, a[2] / length};
}

// Three vectors: those missing are perpendicular to all others and of length 1.
std::array<Vector3, 3> completed(const std::vector<Vector3>& primitive) {
  if (primitive.size() == 3) return {primitive[0], primitive[1], primitive[2]};
  if (primitive.size() == 2) return {primitive[0], primitive[1], unit(cross(primitive[0], primitive[1]))};
  const Vector3& a = primitive[0];
  const Vector3 off_axis = std::abs(a[2]) < std::abs(a[0]) + std::abs(a[1]) ? Vector3{0, 0, 1} : Vector3{0, 1, 0};
  const Vector3 second = unit(cross(a, off_axis));
  return {a, second, unit(cross(a, second))};
}

void check_vectors(const UnitCell& cell) {
  if (cell.axes() < 1 || cell.axes() > 3) {
    throw InputError(
        fmt::format("system.lattice: primitive has {} vectors (a lattice has one to three axes): give one vector per axis", cell.axes()));
  }
  double edges = 1;
  for (const Vector3& a : cell.primitive) {
    const double length = std::sqrt(dot(a, a));
    if (!std::isfinite(length) || length == 0) {
      throw InputError(fmt::format("system.lattice: primitive has a vector of length {} (cells would not repeat): give finite vectors", length));
    }
    edges *= length;
  }
  const std::array<Vector3, 3> a = completed(cell.primitive);
  const double volume = std::abs(dot(a[0], cross(a[1], a[2])));
  if (!(volume > 1e-6 * edges)) {  // also NaN, from two parallel vectors
    throw InputError("system.lattice: primitive has vectors that depend on each other (they enclose no cell): give independent vectors");
  }
}

void check_sites(const UnitCell& cell) {
  if (cell.sites() < 1) throw InputError("system.lattice: basis is empty (a cell needs a site): give at least one offset");
  for (const Vector3& offset : cell.basis) {
    if (!std::isfinite(dot(offset, offset))) throw InputError("system.lattice: basis has an offset that is not finite: give finite coordinates");
  }
  for (const CellStep& step : shell_steps(cell, 0)) {
    if (step == CellStep{{}, step.from, step.from}) continue;
    throw InputError(fmt::format("system.lattice: basis puts the sites {} and {} of the cells at one place (one of them is superfluous): remove it",
                                 step.from, step.to));
  }
}

void check_bonds(const UnitCell& cell) {
  std::set<std::string> names;
  for (const auto& [name, steps] : cell.bonds) {
    if (!names.insert(name).second) throw InputError(fmt::format("system.lattice: bonds.{} is given twice: keep one", name));
    for (const CellStep& step : steps) {
      if (std::min(step.from, step.to) < 0 || std::max(step.from, step.to) >= cell.sites()) {
        throw InputError(fmt::format("system.lattice: bonds.{} joins the basis sites {} and {} (a cell has {}, counted from 0): use numbers below {}",
                                     name, step.from, step.to, cell.sites(), cell.sites()));
      }
      for (int axis = cell.axes(); axis < 3; ++axis) {
        if (step.step[axis] == 0) continue;
        throw InputError(fmt::format("system.lattice: bonds.{} takes a step along axis {} (the lattice has {}): give one integer per axis", name,
                                     axis + 1, cell.axes()));
      }
    }
  }
}

}  // namespace

double dot(const Vector3& a, const Vector3& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

void check_cell(const UnitCell& cell) {
  check_vectors(cell);
  check_sites(cell);
  check_bonds(cell);
}

Vector3 cell_position(const UnitCell& cell, const CellVector& at, int basis) {
  Vector3 result = cell.basis[basis];
  for (int x = 0; x < 3; ++x) {
    double origin = 0;
    for (int axis = 0; axis < cell.axes(); ++axis) origin += at[axis] * cell.primitive[axis][x];
    result[x] += origin;
  }
  return result;
}

std::vector<Vector3> reciprocal_vectors(const UnitCell& cell) {
  const std::array<Vector3, 3> a = completed(cell.primitive);
  const double volume = dot(a[0], cross(a[1], a[2]));
  std::vector<Vector3> result;
  for (int axis = 0; axis < cell.axes(); ++axis) {
    const Vector3 inward = cross(a[(axis + 2) % 3], a[(axis + 1) % 3]);  // in this order zeros keep the signs that result files have had
    Vector3& b = result.emplace_back();
    for (int x = 0; x < 3; ++x) b[x] = -2 * std::numbers::pi * inward[x] / volume;
  }
  return result;
}

double shortest_primitive(const UnitCell& cell) {
  double shortest2 = dot(cell.primitive[0], cell.primitive[0]);
  for (const Vector3& a : cell.primitive) shortest2 = std::min(shortest2, dot(a, a));
  return std::sqrt(shortest2);
}

}  // namespace qs

#include "hamiltonians/symmetry/space_group.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "hamiltonians/shells.h"

namespace qs {
namespace {

constexpr double close = 1e-4;  // squared lengths, relative to that of the shortest primitive vector: as for shells
constexpr double on_site = 1e-3;

Vector3 minus(const Vector3& a, const Vector3& b, double times_b) { return {a[0] - times_b * b[0], a[1] - times_b * b[1], a[2] - times_b * b[2]}; }

Vector3 cross(const Vector3& a, const Vector3& b) { return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]}; }

// What is left of v beside the span of orthonormal vectors.
Vector3 beside(Vector3 v, const std::vector<Vector3>& orthonormal) {
  for (const Vector3& e : orthonormal) v = minus(v, e, dot(v, e));
  return v;
}

// Adds v / |v| for what v has beside the others; whether there is any.
bool extend(std::vector<Vector3>& orthonormal, const Vector3& v, double unit) {
  const Vector3 rest = beside(v, orthonormal);
  const double length = std::sqrt(dot(rest, rest));
  if (length < on_site * unit) return false;
  orthonormal.push_back(minus({}, rest, -1 / length));
  return true;
}

// Vectors that span the directions in which a cell has an extent beside its axes.
std::vector<Vector3> extra_directions(const UnitCell& cell) {
  const double unit = shortest_primitive(cell);
  std::vector<Vector3> orthonormal, extra;
  for (const Vector3& a : cell.primitive) extend(orthonormal, a, unit);
  for (const Vector3& offset : cell.basis)
    if (extend(orthonormal, minus(offset, cell.basis[0], 1), unit)) extra.push_back(orthonormal.back());
  return extra;
}

std::array<Vector3, 3> dual_of(std::vector<Vector3> basis) {
  std::vector<Vector3> orthonormal;
  for (const Vector3& b : basis) extend(orthonormal, b, 0);
  for (const Vector3& e : {Vector3{1, 0, 0}, Vector3{0, 1, 0}, Vector3{0, 0, 1}})
    if (basis.size() < 3 && extend(orthonormal, e, 1)) basis.push_back(orthonormal.back());
  const double volume = dot(basis[0], cross(basis[1], basis[2]));
  std::array<Vector3, 3> dual = {cross(basis[1], basis[2]), cross(basis[2], basis[0]), cross(basis[0], basis[1])};
  for (Vector3& d : dual)
    for (double& x : d) x /= volume;
  return dual;
}

// All matrices with integer entries of at most `most` in the leading block, and signs on the rest of the diagonal.
template <class Visit>
void for_each_matrix(int axes, int dimensions, int most, const Visit& visit) {
  const int entries = axes * axes, base = 2 * most + 1;
  long count = 1;
  for (int i = 0; i < entries; ++i) count *= base;
  for (long code = 0; code < count; ++code) {
    PointMatrix m{};
    long rest = code;
    for (int i = 0; i < entries; ++i, rest /= base) m[i / axes][i % axes] = static_cast<int>(rest % base) - most;
    for (int signs = 0; signs < (1 << (dimensions - axes)); ++signs) {
      for (int d = axes; d < dimensions; ++d) m[d][d] = ((signs >> (d - axes)) & 1) ? -1 : 1;
      visit(m);
    }
  }
}

}  // namespace

Vector3 times(const Vector3& row, const PointMatrix& point) {
  Vector3 result{};
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) result[j] += row[i] * point[i][j];
  return result;
}

SpaceGroup::SpaceGroup(const Lattice& lattice) : lattice_(lattice) {
  const UnitCell& cell = lattice.cell();
  basis_ = cell.primitive;
  for (const Vector3& direction : extra_directions(cell)) basis_.push_back(direction);
  dimensions_ = static_cast<int>(basis_.size());
  dual_ = dual_of(basis_);
  for (const Vector3& offset : cell.basis) {
    Vector3& along = offsets_.emplace_back();
    for (int d = 0; d < dimensions_; ++d) along[d] = dot(offset, dual_[d]);
  }
  for (int site = 0; site < lattice.sites(); ++site) {
    const CellVector at = lattice.cell_vector(site);
    const Vector3& offset = offsets_[lattice.basis_site(site)];
    places_.push_back({at[0] + offset[0], at[1] + offset[1], at[2] + offset[2]});
  }
  const int axes = lattice.axes();
  const double unit = shortest_primitive(cell);
  const auto keeps_shape = [&](const PointMatrix& m) {
    std::vector<Vector3> moved(axes);
    for (int a = 0; a < axes; ++a)
      for (int b = 0; b < axes; ++b) moved[a] = minus(moved[a], cell.primitive[b], -m[a][b]);
    for (int a = 0; a < axes; ++a)
      for (int b = 0; b <= a; ++b)
        if (std::abs(dot(moved[a], moved[b]) - dot(cell.primitive[a], cell.primitive[b])) > close * unit * unit) return false;
    return true;
  };
  for_each_matrix(axes, dimensions_, axes == 3 ? 1 : 2, [&](const PointMatrix& m) {
    if (keeps_shape(m) && keeps_torus(m)) points_.push_back(m);
  });
  PointMatrix identity{};
  for (int d = 0; d < dimensions_; ++d) identity[d][d] = 1;
  std::iter_swap(points_.begin(), std::find(points_.begin(), points_.end(), identity));
  for (int site = 0; site < lattice.sites(); site += lattice.basis()) {
    const CellVector step = lattice.cell_vector(site);
    if (!lattice.translation(step).empty()) cells_.push_back(step);
  }
}

// Every periodicity vector goes to one.
bool SpaceGroup::keeps_torus(const PointMatrix& point) const {
  const LatticeOptions& options = lattice_.options();
  for (int axis = 0; axis < lattice_.axes(); ++axis) {
    if (options.boundary[axis] == Boundary::open) continue;
    CellVector row{};
    if (lattice_.is_tilted()) {
      row = options.torus[axis];
    } else {
      row[axis] = options.size[axis];
    }
    CellVector moved{};
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 3; ++j) moved[j] += row[i] * point[i][j];
    const std::optional<Image> image = lattice_.image_at(moved, 0);
    if (!image || image->site != 0) return false;
  }
  return true;
}

std::optional<Image> SpaceGroup::site_at(const Vector3& place) const {
  for (std::size_t b = 0; b < offsets_.size(); ++b) {
    CellVector cell{};
    bool here = true;
    for (int d = 0; d < dimensions_ && here; ++d) {
      const double along = place[d] - offsets_[b][d];
      const double nearest = d < lattice_.axes() ? std::round(along) : 0;
      here = std::abs(along - nearest) < on_site;
      if (d < lattice_.axes()) cell[d] = static_cast<int>(nearest);
    }
    if (here) return lattice_.image_at(cell, static_cast<int>(b));
  }
  return std::nullopt;
}

std::optional<SiteMap> SpaceGroup::map(const PointMatrix& point, const Vector3& shift) const {
  SiteMap result{point, shift, {}, {}};
  std::vector<char> taken(places_.size());
  for (const Vector3& place : places_) {
    const std::optional<Image> image = site_at(minus(times(place, point), shift, -1));
    if (!image || taken[image->site]) return std::nullopt;
    taken[image->site] = 1;
    result.image.push_back(image->site);
    result.winding.push_back(image->winding);
  }
  return result;
}

std::optional<SiteMap> SpaceGroup::about(const PointMatrix& point, const Vector3& centre) const {
  return map(point, minus(centre, times(centre, point), 1));
}

std::optional<SiteMap> SpaceGroup::to(const PointMatrix& point, int target) const {
  return map(point, minus(places_[target], times(places_[0], point), 1));
}

// e' = e m with e an orthonormal pair, m = E^-1 R E.
PlaneMap SpaceGroup::in_plane(const PointMatrix& point) const {
  std::vector<Vector3> plane;
  for (const Vector3& b : basis_)
    if (plane.size() < 2) extend(plane, b, 0);
  const auto moved = [&](const Vector3& v) {
    Vector3 along{}, image{};
    for (int d = 0; d < dimensions_; ++d) along[d] = dot(v, dual_[d]);
    along = times(along, point);
    for (int d = 0; d < dimensions_; ++d) image = minus(image, basis_[d], -along[d]);
    return image;
  };
  if (plane.size() == 1) return {dot(moved(plane[0]), plane[0]), 0, 0, 1};
  const Vector3 x = moved(plane[0]), y = moved(plane[1]);
  return {dot(x, plane[0]), dot(x, plane[1]), dot(y, plane[0]), dot(y, plane[1])};
}

double SpaceGroup::bond_direction() const {
  std::vector<Vector3> plane;
  for (const Vector3& b : basis_)
    if (plane.size() < 2) extend(plane, b, 0);
  if (plane.size() < 2) return 0;
  double first = std::numbers::pi;
  for (const CellStep& step : shell_steps(lattice_.cell(), 1)) {
    if (step.from != 0) continue;
    const Vector3 bond = minus(cell_position(lattice_.cell(), step.step, step.to), cell_position(lattice_.cell(), {}, 0), 1);
    const double angle = std::atan2(dot(bond, plane[1]), dot(bond, plane[0]));
    const double line = angle - std::numbers::pi * std::floor(angle / std::numbers::pi + 1e-6);
    first = std::min(first, std::max(0.0, line));
  }
  return first;
}

}  // namespace qs

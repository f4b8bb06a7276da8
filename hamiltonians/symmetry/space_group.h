// Isometries of a finite lattice of cells: which sites they move where, found from the geometry alone. Terms are not looked at.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "hamiltonians/lattice.h"
#include "hamiltonians/symmetry/point_group.h"

namespace qs {

// Points as rows: f' = f R + t in fractional coordinates. Directions in which a cell has an extent but does not repeat (the rungs of a ladder) follow
// the axes, in Cartesian units, and may change their sign.
using PointMatrix = std::array<std::array<int, 3>, 3>;

struct SiteMap {
  PointMatrix point;
  Vector3 shift;
  std::vector<int> image;           // [sites]
  std::vector<CellVector> winding;  // [sites]: seams that the site crosses on its way
};

class SpaceGroup {
 public:
  // The lattice must outlive this and have cells.
  explicit SpaceGroup(const Lattice& lattice);

  int dimensions() const { return dimensions_; }                          // axes, and directions of the extent of a cell
  const std::vector<PointMatrix>& points() const { return points_; }      // that leave cell shapes and torus as they are, the identity first
  const std::vector<CellVector>& translations() const { return cells_; }  // one for each cell along axes that close
  Vector3 place(int site) const { return places_[site]; }                 // fractional

  // Nothing if a site would have no image. Different ones may be the same permutation on a small torus.
  std::optional<SiteMap> map(const PointMatrix& point, const Vector3& shift) const;
  // The one that leaves a point of space where it is, and the one that takes site 0 to `target`.
  std::optional<SiteMap> about(const PointMatrix& point, const Vector3& centre) const;
  std::optional<SiteMap> to(const PointMatrix& point, int target) const;

  // In the plane of the first two dimensions; of one-dimensional lattices along x.
  PlaneMap in_plane(const PointMatrix& point) const;
  // Direction of the first bond of site 0 counterclockwise from x, in [0, pi).
  double bond_direction() const;

 private:
  bool keeps_torus(const PointMatrix& point) const;
  std::optional<Image> site_at(const Vector3& place) const;

  const Lattice& lattice_;
  int dimensions_;
  std::vector<Vector3> basis_;    // [dimensions], Cartesian: primitive vectors, then orthonormal ones
  std::array<Vector3, 3> dual_;   // basis_[i] . dual_[j] = delta_ij
  std::vector<Vector3> offsets_;  // of the sites of a cell, fractional
  std::vector<Vector3> places_;   // [sites]
  std::vector<PointMatrix> points_;
  std::vector<CellVector> cells_;
};

Vector3 times(const Vector3& row, const PointMatrix& point);

}  // namespace qs

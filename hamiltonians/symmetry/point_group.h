// Irreps of the point groups of the plane by name, and of any finite group by its class matrices.
#pragma once

#include <complex>
#include <optional>
#include <string>
#include <vector>

#include "hamiltonians/unit_cell.h"

namespace qs {

// One irrep of a group whose elements are numbered.
struct Irrep {
  std::string name;
  int dimension = 1;
  std::vector<std::complex<double>> character;  // [elements]
};

// product[a][b] = number of the element a b.
using GroupTable = std::vector<std::vector<int>>;

// All irreps of a finite group, the trivial one first, then by dimension and characters: G1, G2, ... A random combination of the class matrices
// M_r[s, t] = #{x in class r, y in class s: x y = z_t} has the eigenvectors omega_s = |class s| chi(s) / d. NumericalError if the characters are not
// orthogonal to 1e-10, or the squares of the dimensions do not add up to the order.
std::vector<Irrep> irreps_by_classes(const GroupTable& product);

// An orthogonal map of the plane, in Cartesian coordinates: x' = x m (rows are points).
struct PlaneMap {
  double xx, xy, yx, yy;
};

struct PointGroup {
  std::string name;  // "C4v", "Cs", "C1"
  std::vector<Irrep> irreps;
};

// The closed-form irreps of Cn and Cnv, n = 1, 2, 3, 4, 6; nothing if the maps are no such group. C_n: chi(rotation by 2 pi / n, counterclockwise) =
// exp(-2 pi i m / n), as for translations; m = 0: A, m = n / 2: B, else E+ and E- (C6: E1+, E1-, E2+, E2-). C_nv: A2, B1, B2 change sign under
// mirrors; the mirrors sigma_v, under which B1 is even, are those with the line that comes first counterclockwise from `reference` (radians), the
// direction of a bond, and its images under rotation.
std::optional<PointGroup> plane_group(const std::vector<PlaneMap>& maps, double reference);

}  // namespace qs

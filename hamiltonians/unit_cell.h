// What repeats in a lattice of cells: primitive vectors, the sites of one cell, and bonds that have a name.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "hamiltonians/torus.h"

namespace qs {

using Vector3 = std::array<double, 3>;  // Cartesian

// From basis site `from` of a cell to basis site `to` of the cell `step` away.
struct CellStep {
  CellVector step{};
  int from = 0, to = 0;
  bool operator==(const CellStep&) const = default;
};

struct NamedSteps {
  std::string name;
  std::vector<CellStep> steps;  // one direction of each bond is enough
};

struct UnitCell {
  std::vector<Vector3> primitive = {};       // 1 to 3 of them
  std::vector<Vector3> basis = {{0, 0, 0}};  // Cartesian offsets of the sites of a cell
  std::vector<NamedSteps> bonds = {};

  int axes() const { return static_cast<int>(primitive.size()); }
  int sites() const { return static_cast<int>(basis.size()); }
};

// Throws InputError: no or too many vectors, vectors that depend on each other, sites at one place, steps that lead nowhere.
void check_cell(const UnitCell& cell);
Vector3 cell_position(const UnitCell& cell, const CellVector& at, int basis);
// b_i with a_i . b_j = 2 pi delta_ij, in the space that the primitive vectors span.
std::vector<Vector3> reciprocal_vectors(const UnitCell& cell);
// The length of the shortest primitive vector: the unit of every tolerance.
double shortest_primitive(const UnitCell& cell);

double dot(const Vector3& a, const Vector3& b);

}  // namespace qs

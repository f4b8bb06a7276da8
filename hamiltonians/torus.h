// The cells of a finite lattice: integer vectors modulo the periodicity vectors, the rows of a torus matrix T.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace qs {

using CellVector = std::array<int, 3>;  // in units of the primitive vectors; 0 beyond the last axis

class Torus {
 public:
  struct Place {
    int number;          // of the cell
    CellVector winding;  // how often each periodicity vector was crossed: vector = cell(number) + winding . T
  };

  // One row per axis, in units of the primitive vectors. Throws InputError: dependent rows, components beyond the axes, too many cells.
  explicit Torus(const std::vector<CellVector>& rows);

  int cells() const { return cells_; }
  // The representative of a cell: 0 <= (cell . T^-1)_i < 1. On an untilted torus the numbers run with the last axis fastest.
  CellVector cell(int number) const;
  Place place(const CellVector& vector) const;

  // The points of the dual group, kappa with T . kappa integer and 0 <= kappa_a < 1: one k per cell, kappa_a = k_a / denominators()_a.
  // On an untilted torus k counts as the cells do, and the denominators are its lengths.
  std::vector<CellVector> dual() const;
  const CellVector& denominators() const { return denominators_; }

 private:
  using Matrix = std::array<std::array<std::int64_t, 3>, 3>;

  static Matrix hermite_form(Matrix rows);
  static std::int64_t adjugate(const Matrix& matrix, int row, int column);
  CellVector crossings(const CellVector& vector) const;

  int axes_;
  Matrix rows_;      // T, completed by the unit matrix
  Matrix hermite_;   // upper triangular, spans the same vectors: its diagonal is a box of representatives
  Matrix adjugate_;  // T^-1 = adjugate / determinant
  std::int64_t determinant_;
  int cells_;
  CellVector denominators_{1, 1, 1};
};

}  // namespace qs

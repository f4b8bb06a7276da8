#include "hamiltonians/torus.h"

#include <fmt/format.h>

#include <cstdlib>
#include <numeric>
#include <utility>

#include "engine/base/error.h"

namespace qs {

namespace {

constexpr int kMaxCells = 1 << 20;

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  const std::int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

// Steep rows stay far from the limits of 64 bits in every product below; rows along the axes are bounded by the number of cells.
void check_rows(const std::vector<CellVector>& rows) {
  constexpr int longest = 1 << 12;
  const int axes = static_cast<int>(rows.size());
  QS_ASSERT(axes >= 1 && axes <= 3);
  for (int row = 0; row < axes; ++row) {
    for (int axis = 0; axis < 3; ++axis) {
      const int entry = rows[row][axis];
      if (entry != 0 && axis >= axes) {
        throw InputError(fmt::format("system.lattice: torus has a row with an entry for axis {} (the lattice has {}): give {} by {} integers",
                                     axis + 1, axes, axes, axes));
      }
      if (std::abs(entry) > (axis == row ? kMaxCells : longest)) {
        throw InputError(
            fmt::format("system.lattice: torus has the entry {} (the lattice would be too long): use shorter periodicity vectors", entry));
      }
    }
  }
}

}  // namespace

std::int64_t Torus::adjugate(const Matrix& m, int row, int column) {
  // Cyclic indices carry the sign of the cofactor.
  const int r1 = (column + 1) % 3, r2 = (column + 2) % 3, c1 = (row + 1) % 3, c2 = (row + 2) % 3;
  return m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1];
}

// Row operations with integers, which keep the set of vectors that the rows span: Euclid's algorithm down each column.
Torus::Matrix Torus::hermite_form(Matrix m) {
  for (int c = 0; c < 3; ++c) {
    for (int r = c + 1; r < 3; ++r) {
      while (m[r][c] != 0) {
        const std::int64_t times = floor_divide(m[c][c], m[r][c]);
        for (int k = c; k < 3; ++k) m[c][k] -= times * m[r][k];
        std::swap(m[c], m[r]);
      }
    }
    if (m[c][c] < 0) {
      for (int k = c; k < 3; ++k) m[c][k] = -m[c][k];
    }
    QS_ASSERT(m[c][c] > 0);
    for (int r = 0; r < c; ++r) {
      const std::int64_t times = floor_divide(m[r][c], m[c][c]);
      for (int k = c; k < 3; ++k) m[r][k] -= times * m[c][k];
    }
  }
  return m;
}

Torus::Torus(const std::vector<CellVector>& rows) : axes_(static_cast<int>(rows.size())) {
  check_rows(rows);
  for (int row = 0; row < 3; ++row) {
    for (int axis = 0; axis < 3; ++axis) rows_[row][axis] = row < axes_ ? rows[row][axis] : row == axis;
  }
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 3; ++column) adjugate_[row][column] = adjugate(rows_, row, column);
  }
  determinant_ = 0;
  for (int axis = 0; axis < 3; ++axis) determinant_ += rows_[0][axis] * adjugate_[axis][0];
  if (determinant_ == 0) {
    throw InputError(
        "system.lattice: torus has rows that depend on each other (they enclose no cell): give periodicity vectors that span the lattice");
  }
  if (std::abs(determinant_) > kMaxCells) {
    throw InputError(fmt::format("system.lattice: torus encloses {} cells (at most {}): use a smaller lattice", std::abs(determinant_), kMaxCells));
  }
  cells_ = static_cast<int>(std::abs(determinant_));
  hermite_ = hermite_form(rows_);
  for (int axis = 0; axis < 3; ++axis) {
    std::int64_t common = determinant_;
    for (int column = 0; column < 3; ++column) common = std::gcd(common, adjugate_[axis][column]);
    denominators_[axis] = static_cast<int>(cells_ / common);
  }
}

// floor(vector . T^-1), exactly.
CellVector Torus::crossings(const CellVector& vector) const {
  CellVector result;
  for (int i = 0; i < 3; ++i) {
    std::int64_t scaled = 0;
    for (int axis = 0; axis < 3; ++axis) scaled += vector[axis] * adjugate_[axis][i];
    result[i] = static_cast<int>(floor_divide(scaled, determinant_));
  }
  return result;
}

CellVector Torus::cell(int number) const {
  QS_ASSERT(number >= 0 && number < cells_);
  CellVector vector;
  for (int axis = 2; axis >= 0; --axis) {
    const int length = static_cast<int>(hermite_[axis][axis]);
    vector[axis] = number % length;
    number /= length;
  }
  const CellVector winding = crossings(vector);
  for (int axis = 0; axis < 3; ++axis) {
    std::int64_t shift = 0;
    for (int i = 0; i < 3; ++i) shift += winding[i] * rows_[i][axis];
    vector[axis] -= static_cast<int>(shift);
  }
  return vector;
}

Torus::Place Torus::place(const CellVector& vector) const {
  std::array<std::int64_t, 3> rest{vector[0], vector[1], vector[2]};
  std::int64_t number = 0;
  for (int axis = 0; axis < 3; ++axis) {
    const std::int64_t times = floor_divide(rest[axis], hermite_[axis][axis]);
    for (int k = axis; k < 3; ++k) rest[k] -= times * hermite_[axis][k];
    number = number * hermite_[axis][axis] + rest[axis];
  }
  return {static_cast<int>(number), crossings(vector)};
}

// kappa = T^-1 m for the integer m modulo the columns of T.
std::vector<CellVector> Torus::dual() const {
  std::vector<CellVector> columns(axes_, CellVector{});
  for (int row = 0; row < axes_; ++row) {
    for (int axis = 0; axis < axes_; ++axis) columns[axis][row] = static_cast<int>(rows_[row][axis]);
  }
  const Torus transposed(columns);
  std::vector<CellVector> points;
  for (int number = 0; number < cells_; ++number) {
    const CellVector m = transposed.cell(number);
    CellVector k;
    for (int axis = 0; axis < 3; ++axis) {
      std::int64_t scaled = 0;
      for (int i = 0; i < 3; ++i) scaled += adjugate_[axis][i] * m[i];
      scaled /= determinant_ / denominators_[axis];  // both exact: T^-1 has these denominators
      k[axis] = static_cast<int>(scaled - floor_divide(scaled, denominators_[axis]) * denominators_[axis]);
    }
    points.push_back(k);
  }
  return points;
}

}  // namespace qs

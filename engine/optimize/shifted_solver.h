// One symmetric positive definite system with a diagonal shift, solved down a ladder: Cholesky, eigen-decomposition, raised shift. float64, one rank;
// the matrix stays in the memory of the device.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/api/device.h"
#include "kernels/api/memory.h"

namespace qs {

// (A + shift 1) x = b0 + shift b1. b1 may be empty (zero).
struct ShiftedSystem {
  std::int64_t n = 0;
  Buffer<double> matrix;  // [n, n], both triangles; used as workspace
  std::vector<double> b0, b1;
  double shift = 0;
};

struct ShiftedSolution {
  std::vector<double> x;
  int rung = 0;               // 1: Cholesky, 2: eigen-decomposition, 3, 4, 5: shift raised by 10, 100, 1000
  double shift = 0;           // that was used
  double smallest_pivot = 0;  // rung 1: smallest L_kk^2; else: smallest eigenvalue of A + shift
  double residual = 0;        // |(A + shift) x - b| / |b|
};

// The smallest L_kk^2 of a Cholesky factor [n, n].
double smallest_pivot(Device device, std::int64_t n, const double* factor);
// x with L L^T x = b, from a Cholesky factor [n, n] on the device.
std::vector<double> cholesky_solution(Device device, std::int64_t n, const double* factor, std::span<const double> b);
// Adds the shift to the diagonal of a matrix [n, n]; returns what then stands there.
std::vector<double> shift_diagonal(Device device, std::int64_t n, double* matrix, double shift);

// The matrix lies on the device; it is destroyed. Throws NumericalError when every rung fails.
ShiftedSolution solve_shifted(Device device, ShiftedSystem& system);

}  // namespace qs

// One symmetric positive definite system with a diagonal shift, solved down a ladder: Cholesky, eigen-decomposition, raised shift. float64, one rank.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/api/device.h"

namespace qs {

// (A + shift 1) x = b0 + shift b1. b1 may be empty (zero).
struct ShiftedSystem {
  std::int64_t n = 0;
  std::vector<double> matrix;  // [n, n], both triangles; used as workspace
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

// The smallest L_kk^2 of a Cholesky factor [n, n] on the host.
double smallest_pivot(std::int64_t n, std::span<const double> factor);

// Destroys the matrix. Throws NumericalError when every rung fails.
ShiftedSolution solve_shifted(Device device, ShiftedSystem& system);

}  // namespace qs

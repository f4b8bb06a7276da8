// Symmetric positive definite systems with a diagonal shift, solved down a ladder: Cholesky, eigen-decomposition, raised shift. float64, one rank;
// the matrix stays in the memory of the device.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kernels/api/device.h"
#include "kernels/api/memory.h"

namespace qs {

struct ShiftedSolution {
  std::vector<double> x;
  int rung = 0;               // 1: Cholesky, 2: eigen-decomposition, 3, 4, 5: shift raised by 10, 100, 1000
  double shift = 0;           // that was used
  double smallest_pivot = 0;  // rung 1: smallest L_kk^2; else: smallest eigenvalue of A + shift
  double residual = 0;        // |(A + shift) x - b| / |b|
};

// float32 takes half the time and serves where a factor only preconditions.
enum class FactorDigits { float32, float64 };

// A symmetric matrix A that is solved with one shift after another. A Cholesky factor takes the lower triangle; the strict upper triangle and a
// diagonal that is kept apart still say what A is, so that another shift costs one more factorisation and no second matrix. Once A has no factor, its
// eigen-decomposition serves all later shifts.
class ShiftedMatrix {
 public:
  // a: [n, n], both triangles, in the memory of the device; or empty, on ranks that do not solve.
  ShiftedMatrix(Device device, std::int64_t n, Buffer<double> a);

  std::int64_t order() const { return n_; }
  // L L^T = A + shift; false if a pivot is not positive, or if an earlier shift has led to the eigen-decomposition.
  bool factor(double shift, FactorDigits digits);
  double smallest_pivot() const;                                        // L_kk^2 of the factor
  std::vector<double> solve_factored(std::span<const double> b) const;  // L L^T x = b

  // (A + shift) x = b0 + shift b1; b1 may be empty (zero). Throws NumericalError when every rung fails.
  ShiftedSolution solve(std::span<const double> b0, std::span<const double> b1, double shift);

 private:
  // Eigenvectors of A + shift in rows, on the host.
  struct Spectrum {
    double shift = 0;
    std::vector<double> values, copy;
    const double* vectors = nullptr;
  };
  struct RightHandSide {
    std::span<const double> b0, b1;
    std::vector<double> at(double shift) const;
  };
  void set_shift(double shift);
  void set_diagonal(double shift);
  bool cholesky();
  double size() const;
  double residual_norm(double shift, const std::vector<double>& x, const std::vector<double>& b) const;
  bool try_cholesky(const RightHandSide& right, double shift, double size, ShiftedSolution& out);
  void decompose(double shift);
  ShiftedSolution solve_spectrally(const RightHandSide& right, double shift) const;
  ShiftedSolution spectral_solution(const RightHandSide& right, double shift) const;

  enum class Lower { mirror, factor, factor_float32 };  // what the lower triangle holds: that of A, or a factor

  Device device_;
  std::int64_t n_;
  Buffer<double> a_;
  std::vector<double> diagonal_;  // of A
  Lower lower_ = Lower::mirror;
  std::optional<Spectrum> spectrum_;
};

}  // namespace qs

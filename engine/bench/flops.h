// Floating-point operations of what `bench` measures, a multiply-add counted as 2. Everything is counted from F, the operations of one log psi:
// F = Wavefunction::flops_per_evaluation() = sum over layers of 2 T in out (dense), 2 T^2 D (token mixing), 4 T^2 D (attention).
#pragma once

#include <cstdint>

#include "engine/wavefunctions/wavefunction.h"

namespace qs::flops {

// Backward of y = x W: dx = dy W^T and dW = x^T dy, F each. (The first layer needs no dx: the count is too high by its share, below 2 %.)
inline double backward(const Wavefunction& psi) { return 2 * psi.flops_per_evaluation(); }
// Forward and one backward pass.
inline double vjp(const Wavefunction& psi) { return psi.flops_per_evaluation() + backward(psi); }
// Forward and one backward pass per real row (Re, Im) of a sample.
inline double jacobian(const Wavefunction& psi) { return psi.flops_per_evaluation() + rows_per_sample(psi.jacobian_mode()) * backward(psi); }

// One triangle of A A^T with A [n, k]: n (n + 1) / 2 elements of 2 k operations.
inline double gram(std::int64_t n, std::int64_t k) { return static_cast<double>(n) * static_cast<double>(n + 1) * static_cast<double>(k); }
// C = A B with A [m, k], B [k, n].
inline double gemm(std::int64_t m, std::int64_t n, std::int64_t k) {
  return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
}
// A = L L^T of order n: n^3/3 + n^2/2 + n/6 additions, multiplications, divisions and roots (Golub and Van Loan, 4.2.5).
inline double cholesky(std::int64_t n) {
  const double order = static_cast<double>(n);
  return order * (order + 1) * (2 * order + 1) / 6;
}

}  // namespace qs::flops

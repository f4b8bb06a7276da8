// (X X^T + s) x = b with a Gram matrix whose rounding errors may exceed s: its Cholesky factor preconditions conjugate gradients on the products
// X (X^T x), which float64 sums keep accurate. Golub and Van Loan, Matrix Computations (4th ed.), section 11.5.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/optimize/shifted_solver.h"
#include "engine/optimize/tangent_rows.h"

namespace qs {

// Of the residual, relative to b: far below the sampling noise of b, and above the rounding of float32 derivatives.
inline constexpr double refined_residual = 1e-6;
inline constexpr int most_refinements = 20;

// `gram`: X X^T [rows, rows] in the root's device, with errors of about `error` in the spectral norm; overwritten. b: of all rows, on every rank. The
// result is on every rank, with the rung of a Cholesky solution. Nothing if the matrix has no factor or the residual does not fall: then form the
// matrix in float64. Memory: vectors. Collective.
template <class Real>
std::optional<ShiftedSolution> solve_refined(Communicator& comm, const TangentRows<Real>& rows, Buffer<double> gram, std::span<const double> b,
                                             double shift, double error);

}  // namespace qs

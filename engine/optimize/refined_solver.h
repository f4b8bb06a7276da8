// (A + s) x = b where A = X X^T or X^T X was formed with rounding errors that may exceed s: its Cholesky factor preconditions conjugate gradients on
// exact products A p = X (X^T p), which float64 sums keep accurate. Golub and Van Loan, Matrix Computations (4th ed.), section 11.5.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/optimize/shifted_solver.h"
#include "engine/optimize/tangent_rows.h"

namespace qs {

// Of the residual, relative to b: far below the sampling noise of b, and above the rounding of float32 derivatives. With a float32 factor, that is
// for steps that a trust region judges anyway: a direction that is right to 1e-4 predicts as well, and takes a third fewer iterations.
inline constexpr double refined_residual = 1e-6, judged_residual = 1e-4;
inline constexpr int most_refinements = 60;

// A p of a vector that every rank has, on every rank. Collective.
using SymmetricProduct = std::function<std::vector<double>(std::span<const double>)>;
template <class Real>
SymmetricProduct gram_product(Communicator& comm, const TangentRows<Real>& rows);  // X X^T
template <class Real>
SymmetricProduct metric_product(Communicator& comm, const TangentRows<Real>& rows);  // X^T X

// `rounded`: A on the root, with errors of about `error` in the spectral norm. b on every rank. The result is on every rank, with the rung of a
// Cholesky solution. Nothing if the matrix has no factor or the residual does not fall: then form the matrix in float64. `digits` of the factor:
// float32 is tried first where it may be. Memory: vectors. Collective.
std::optional<ShiftedSolution> solve_refined(Communicator& comm, ShiftedMatrix& rounded, std::span<const double> b, double shift, double error,
                                             const SymmetricProduct& product, FactorDigits digits);

}  // namespace qs

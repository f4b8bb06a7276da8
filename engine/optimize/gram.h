// The two matrices of stochastic reconfiguration, X X^T (minSR) and X^T X (SR), from rows that are spread over ranks. The ranks gather X slice by
// slice of the summed index, and every rank adds each slice to its share of the tiles.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/optimize/tangent_rows.h"
#include "kernels/api/gram.h"

namespace qs {

// Elements of each of `vectors` vectors in a slice, of `bytes` bytes each. A slice takes about 16 MiB, so that it stays in the cache from its arrival
// to its products. A rule of the sizes alone.
std::int64_t slice_length(std::int64_t vectors, std::int64_t bytes);
// Elements between the rows of a gathered slice of columns: rows a power of two apart would share few sets of the caches.
inline constexpr std::int64_t slice_gap = 16;

// The precision the products of X need so that their rounding stays below the diagonal shift. Float32 products perturb the matrix by at most about
// u trace(X^T X), u = 2^-24. A perturbed metric bends the soft directions, whose size the shift decides, and at last has no Cholesky factor: seen to
// begin at shift = 0.5 u trace, hence float64 below shift = u trace. Same choice on every rank count. Collective.
template <class Real>
kernels::Arithmetic gram_arithmetic(Communicator& comm, const TangentRows<Real>& rows, double shift);

// X X^T [rows, rows] on the root; empty elsewhere. Collective.
template <class Real>
std::vector<double> gram_matrix(kernels::Arithmetic arithmetic, Communicator& comm, const TangentRows<Real>& rows);

// X^T X [parameters, parameters] on the root; empty elsewhere. Collective.
template <class Real>
std::vector<double> metric_matrix(kernels::Arithmetic arithmetic, Communicator& comm, const TangentRows<Real>& rows);

}  // namespace qs

// The two matrices of stochastic reconfiguration, X X^T (minSR) and X^T X (SR), from rows that are spread over ranks. The ranks gather X slice by
// slice of the summed index, and every rank adds each slice to its share of the tiles.
#pragma once

#include <cstdint>

#include "engine/comm/communicator.h"
#include "engine/optimize/symmetric_tiles.h"
#include "engine/optimize/tangent_rows.h"
#include "kernels/api/gram.h"
#include "kernels/api/memory.h"

namespace qs {

// What a slice takes: on the host 16 MiB, so that it stays in the cache from its arrival to its products; on a GPU 256 MiB, of which a tile's
// products are one batch that fills the chip (16 slabs of 512 terms for 8192 float32 rows). The memory plan counts 16 MiB and leaves the rest of a
// gathered slice to its allowance for temporaries.
inline constexpr std::int64_t host_slice_bytes = std::int64_t{16} << 20;
inline constexpr std::int64_t gpu_slice_bytes = std::int64_t{256} << 20;
// Elements of each of `vectors` vectors in a slice of about `slice_bytes` bytes, `bytes` bytes each. A rule of the sizes alone, whatever the number
// of ranks: a GPU is asked for the same products by one rank, whose slices lie in place, as by several, and answers with the same bits.
std::int64_t slice_length(std::int64_t vectors, std::int64_t bytes, std::int64_t slice_bytes = host_slice_bytes);
// Elements between the rows of a gathered slice of columns: rows a power of two apart would share few sets of the caches.
inline constexpr std::int64_t slice_gap = 16;

// trace(X X^T), an upper bound of the largest eigenvalue of both matrices. Same bits on every rank count. Collective.
template <class Real>
double squared_norm(Communicator& comm, const TangentRows<Real>& rows);

// What float32 products perturb the matrices by, in the spectral norm: at most about u trace(X^T X), u = 2^-24 (seen: 0.5 u trace; less where rows
// differ). A metric that is perturbed by more than the shift bends the soft directions, whose size the shift decides, and may have no Cholesky
// factor. Zero for float64 rows. Same on every rank count. Collective.
template <class Real>
double gram_rounding(Communicator& comm, const TangentRows<Real>& rows);

// tiles += X X^T, of all rows. Collective.
template <class Real>
void add_gram(kernels::Arithmetic arithmetic, Communicator& comm, const TangentRows<Real>& rows, SymmetricTiles& tiles);

// X X^T [rows, rows] in the root's device; empty elsewhere. Collective.
template <class Real>
Buffer<double> gram_matrix(kernels::Arithmetic arithmetic, Communicator& comm, const TangentRows<Real>& rows);

// X^T X [parameters, parameters] in the root's device; empty elsewhere. Collective.
template <class Real>
Buffer<double> metric_matrix(kernels::Arithmetic arithmetic, Communicator& comm, const TangentRows<Real>& rows);

}  // namespace qs

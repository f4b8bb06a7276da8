// The two matrices of stochastic reconfiguration, X X^T (minSR) and X^T X (SR), from rows that are spread over ranks. Every tile is one product of
// fixed shape computed wholly by one thread of one rank, so the bits depend neither on ranks nor on threads.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/optimize/tangent_rows.h"
#include "kernels/api/linear_algebra.h"

namespace qs {

// Whole neighbouring blocks with about panel_rows rows together: [first_block, last_block). A rule of the sizes alone.
struct Panel {
  int first_block, last_block;
  std::int64_t first_row, rows;
  int home;  // rank that holds (or assembles) all its rows
};
inline constexpr std::int64_t panel_rows = 256;
std::vector<Panel> make_panels(const RowLayout& layout);

// Rows of other ranks that a rank receives at a time: this much, or one panel if it is larger.
inline constexpr std::int64_t visitor_bytes = std::int64_t{256} << 20;
// Columns of a tile of the metric: whole blocks of the kernel in both precisions.
inline constexpr std::int64_t metric_columns = 384;

// The precision the products of X need so that their rounding stays below the diagonal shift. Float32 products perturb the matrix by at most about
// u trace(X^T X), u = 2^-24. A perturbed metric bends the soft directions, whose size the shift decides, and at last has no Cholesky factor: seen to
// begin at shift = 0.5 u trace, hence float64 below shift = u trace. Same choice on every rank count. Collective.
template <class Real>
kernels::Arithmetic gram_arithmetic(Communicator& comm, const TangentRows<Real>& rows, double shift);

// X X^T [rows, rows] on the root; empty elsewhere; tiles are formed where the rows are. Panels visit the other ranks in turn; each rank forms about
// half of the tiles of its own panels and a visitor (the matrix is symmetric). Extra memory per rank: visiting panels (256 MiB, or one panel if
// larger) and their tiles. Collective.
template <class Real>
std::vector<double> gram_matrix(kernels::Arithmetic arithmetic, Communicator& comm, TangentRows<Real>& rows);

// X^T X [parameters, parameters] on the root; empty elsewhere. Every rank receives all rows: for fewer parameters than rows. Collective.
template <class Real>
std::vector<double> metric_matrix(kernels::Arithmetic arithmetic, Communicator& comm, const TangentRows<Real>& rows);

}  // namespace qs

// What an update of the parameters keeps where it computes, known before anything is allocated.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "engine/optimize/optimizer.h"
#include "engine/optimize/tangent_rows.h"

namespace qs {

// Bytes by buffer, of the root, which also solves.
struct UpdateMemory {
  std::size_t rows = 0;    // Jacobian rows of this rank, from the derivatives to the end of the update
  std::size_t sums = 0;    // at most: two sums over rows on every level of their tree, and the vectors that rows are multiplied with
  std::size_t slice = 0;   // of the rows of all ranks, gathered, and a piece of the matrix on its way to the root
  std::size_t matrix = 0;  // summed in place, overwritten by its factor or its eigenvectors; other ranks hold their share of a triangle
  std::size_t solve = 0;   // vectors of the matrix's order

  // A refined solution multiplies rows beside the factor.
  std::size_t peak() const { return rows + matrix + std::max(slice, solve + sums); }
};

// The rows of X for these chains (or basis states) with `samples` samples each.
RowLayout planned_layout(const Blocks& items, std::int64_t samples, int per_sample);

// AdamW and Muon need none of these. `parameters`: of the network, of which one block at a time has rows.
UpdateMemory update_memory(OptimizerKind kind, const RowLayout& layout, std::int64_t parameters, Precision precision, int parameter_blocks = 1);

}  // namespace qs

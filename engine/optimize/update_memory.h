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
  std::size_t sums = 0;    // at most: sums over rows, and the vectors that rows are multiplied with
  std::size_t slice = 0;   // of the rows of all ranks, gathered
  std::size_t tiles = 0;   // at most: this rank's share of the matrix while it is summed
  std::size_t matrix = 0;  // overwritten by its factor, or its eigenvectors; with the right-hand side

  // A refined solution multiplies rows beside the factor.
  std::size_t peak() const { return rows + std::max(slice + tiles, matrix + sums); }
};

// The rows of X for these chains (or basis states) with `samples` samples each.
RowLayout planned_layout(const Blocks& items, std::int64_t samples, int per_sample);

// AdamW and Muon need none of these. `parameters`: of the network, of which one block at a time has rows.
UpdateMemory update_memory(OptimizerKind kind, const RowLayout& layout, std::int64_t parameters, Precision precision, int parameter_blocks = 1);

}  // namespace qs

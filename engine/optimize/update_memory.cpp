#include "engine/optimize/update_memory.h"

#include <vector>

#include "engine/optimize/gram.h"
#include "engine/optimize/natural_gradient.h"

namespace qs {
namespace {

constexpr std::int64_t float64_bytes = sizeof(double);

// A matrix of this order and a vector.
std::int64_t system_bytes(std::int64_t order) { return order * (order + 1) * float64_bytes; }

// minSR: `row` bytes each. One tile for each thread, visiting panels, and panels that are assembled at home because their blocks are spread.
void add_gram_panels(const RowLayout& layout, std::int64_t row, int threads, UpdateMemory& memory) {
  const bool alone = layout.my_rows() == layout.total();
  std::int64_t largest = 0, assembled = 0;
  for (const Panel& panel : make_panels(layout)) {
    largest = std::max(largest, panel.rows);
    if (panel.home == 0 && layout.blocks.owner(panel.last_block - 1) != 0) assembled += panel.rows * row;
  }
  if (!alone) memory.visitors = std::min(layout.total() * row, std::max(visitor_bytes, largest * row)) + assembled;
  memory.tiles = threads * largest * largest * float64_bytes;
}

}  // namespace

RowLayout planned_layout(std::int64_t items, std::int64_t samples, int per_sample, int ranks) {
  RowLayout layout{Blocks(items, ranks, 0), per_sample, {}};
  for (int block = 0; block <= layout.blocks.count(); ++block) layout.block_begin.push_back(layout.blocks.begin(block) * samples * per_sample);
  return layout;
}

UpdateMemory update_memory(OptimizerKind kind, const RowLayout& layout, std::int64_t parameters, Precision precision, int threads) {
  UpdateMemory memory;
  if (kind == OptimizerKind::adamw) return memory;
  const std::int64_t total = layout.total(), mine = layout.my_rows(), row = parameters * (precision == Precision::float32 ? 4 : 8);
  memory.rows = mine * row;
  memory.sums = 2 * float64_bytes * (parameters + mine);
  if (resolved_kind(kind, parameters, total) == OptimizerKind::sr) {
    const std::int64_t columns = std::min(metric_columns, parameters);
    memory.visitors = mine < total ? total * row : 0;
    memory.tiles = threads * columns * columns * float64_bytes;
    memory.matrix = system_bytes(parameters);
  } else {
    add_gram_panels(layout, row, threads, memory);
    memory.matrix = system_bytes(total);
  }
  return memory;
}

}  // namespace qs

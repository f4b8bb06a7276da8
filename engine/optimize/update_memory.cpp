#include "engine/optimize/update_memory.h"

#include <algorithm>

#include "engine/optimize/gram.h"
#include "engine/optimize/natural_system.h"

namespace qs {
namespace {

constexpr std::int64_t float64_bytes = sizeof(double);

}  // namespace

RowLayout planned_layout(const Blocks& items, std::int64_t samples, int per_sample) {
  RowLayout layout{items, per_sample, {}};
  for (int block = 0; block <= items.count(); ++block) layout.block_begin.push_back(items.begin(block) * samples * per_sample);
  return layout;
}

UpdateMemory update_memory(OptimizerKind kind, const RowLayout& layout, std::int64_t parameters, Precision precision, int parameter_blocks) {
  UpdateMemory memory;
  if (!is_natural(kind)) return memory;
  const std::int64_t total = layout.total(), mine = layout.my_rows(), bytes = precision == Precision::float32 ? 4 : 8;
  memory.rows = mine * ((parameters + parameter_blocks - 1) / parameter_blocks) * bytes;
  memory.sums = 2 * float64_bytes * ((layout.blocks.depth() + 1) * parameters + mine);
  const bool sr = resolved_kind(kind, parameters, total) == OptimizerKind::sr;
  const std::int64_t order = sr ? parameters : total, summed = sr ? total : parameters;
  if (mine < total) memory.slice = order * std::min(slice_length(order, bytes) + slice_gap, summed) * bytes + tile_piece_bytes;
  memory.matrix = order * order * float64_bytes;
  memory.solve = 3 * order * float64_bytes;  // solution, its image, the diagonal
  return memory;
}

}  // namespace qs

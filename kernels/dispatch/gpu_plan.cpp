// The size of pieces of work on a GPU: plans are made on machines without one.
#include <algorithm>
#include <limits>

#include "kernels/dispatch/tables.h"

namespace qs::kernels::cuda {
namespace {

// Every multiprocessor busy in every kernel, and few launches: up to 2048 rows of float32, if their activations take at most 256 MiB. A power of two:
// warps are full.
int lane_groups_per_chunk(std::size_t group_bytes) {
  constexpr std::size_t chunk_bytes = std::size_t{1} << 28, most_groups = 128;
  const std::size_t fitting = std::min(chunk_bytes / std::max<std::size_t>(group_bytes, 1), most_groups);
  std::size_t groups = 1;
  while (2 * groups <= fitting) groups *= 2;
  return static_cast<int>(groups);
}

}  // namespace

const PlanTable& plan_table() {
  constexpr std::int64_t all = std::numeric_limits<std::int64_t>::max();  // each call is a launch
  static const PlanTable table{lane_groups_per_chunk, all, PlanTable::Chunks::full, PlanTable::Memory::own};
  return table;
}

}  // namespace qs::kernels::cuda

// Host memory: any rank computes in it, on any core. The cpu device is this one too.
#include <algorithm>
#include <cstring>
#include <new>

#include "engine/base/error.h"
#include "kernels/reference/install.h"

namespace qs::kernels::reference {
namespace {

constexpr std::align_val_t alignment{64};

void* allocate(std::size_t bytes, Contents contents) {
  void* memory = ::operator new(std::max<std::size_t>(bytes, 1), alignment);
  if (contents == Contents::zeros) std::memset(memory, 0, bytes);
  return memory;
}

void release(void* memory) noexcept { ::operator delete(memory, alignment); }

void clear_rows(void* memory, std::size_t stride, std::size_t bytes, std::int64_t rows) {
  if (bytes == 0) return;
  for (std::int64_t i = 0; i < rows; ++i) std::memset(static_cast<char*>(memory) + i * stride, 0, bytes);
}

void copy_rows(void* to, std::size_t to_stride, const void* from, std::size_t from_stride, std::size_t bytes, std::int64_t rows) {
  if (bytes == 0) return;
  for (std::int64_t i = 0; i < rows; ++i) {
    std::memcpy(static_cast<char*>(to) + i * to_stride, static_cast<const char*>(from) + i * from_stride, bytes);
  }
}

void* allocate_exchange(Side, std::size_t bytes) { return allocate(bytes, Contents::anything); }
void release_exchange(Side, void* memory) noexcept { release(memory); }
void wait() {}  // a call that has returned is complete

std::vector<PhysicalDevice> physical_devices() { return {}; }
void use_physical_device(int) { QS_ASSERT(false); }

// Activations of an evaluation; those of derivatives, several times as large, decide the number (36 tokens of width 16, 2 layers, float64, 24 rows
// instead of 8: evaluations the same, Jacobians 32 -> 28 % of the peak).
constexpr std::size_t cache_bytes = std::size_t{640} << 10;
// More lane groups gain nothing for evaluations and cost up to 40 % for per-sample derivatives (measured on networks from 560 to 155620 parameters).
constexpr std::size_t most_groups = 3;

// An odd number: features of one lane group are then an odd number of cache lines apart and spread over all cache sets.
int lane_groups_per_chunk(std::size_t group_bytes) {
  const int fitting = static_cast<int>(std::min(cache_bytes / std::max<std::size_t>(group_bytes, 1), most_groups));
  return std::max(1, fitting % 2 == 1 ? fitting : fitting - 1);
}

}  // namespace

void install_memory(Tables& tables) {
  static_cast<MemoryTable&>(tables) = {allocate, release, clear_rows, copy_rows, copy_rows, copy_rows, allocate_exchange, release_exchange, wait};
  tables.physical_devices = physical_devices;
  tables.use_physical_device = use_physical_device;
}

const PlanTable& plan_table() {
  static const PlanTable table{lane_groups_per_chunk, 1, PlanTable::Chunks::any_rows, PlanTable::Memory::of_the_host};
  return table;
}

}  // namespace qs::kernels::reference

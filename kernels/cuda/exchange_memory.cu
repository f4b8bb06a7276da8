#include "kernels/cuda/exchange_memory.h"

#include <map>
#include <utility>

#include "kernels/cuda/context.h"

namespace qs::kernels::cuda {
namespace {

using Kind = std::pair<Side, std::size_t>;  // side and bytes

// Taking and returning such memory stops the GPU, and pinning takes a millisecond per 4 MiB, so what an update returns waits for the next one, which
// asks for the same few sizes. Guarded by the context's mutex.
struct Blocks {
  std::multimap<Kind, void*> idle;
  std::map<void*, Kind> used;
};
Blocks& blocks() {
  static Blocks& made = *new Blocks;  // never destroyed, as the context
  return made;
}

cudaError_t take(Side side, std::size_t bytes, void** memory) {
  return side == Side::device ? cudaMalloc(memory, bytes) : cudaMallocHost(memory, bytes);
}

}  // namespace

void* allocate_exchange(Side side, std::size_t bytes) {
  const Held held;
  Blocks& all = blocks();
  const Kind kind{side, bytes};
  if (const auto found = all.idle.find(kind); found != all.idle.end()) {
    void* memory = found->second;
    all.used.emplace(memory, kind);
    all.idle.erase(found);
    return memory;
  }
  void* memory = nullptr;
  cudaError_t status = take(side, bytes, &memory);
  if (status == cudaErrorMemoryAllocation) {
    trim_pool(held.device);
    status = take(side, bytes, &memory);
  }
  if (status == cudaErrorMemoryAllocation) throw out_of_memory("no memory for the exchange between ranks");
  check(status, "memory for the exchange between ranks");
  all.used.emplace(memory, kind);
  return memory;
}

void release_exchange(Side, void* memory) noexcept {
  const std::unique_lock<std::mutex> lock(context().mutex);
  Blocks& all = blocks();
  const auto found = all.used.find(memory);
  all.idle.emplace(found->second, memory);
  all.used.erase(found);
}

}  // namespace qs::kernels::cuda

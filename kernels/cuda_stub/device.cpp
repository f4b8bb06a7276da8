// A build without CUDA has no GPU memory to give, but it can plan chunks for a GPU.
#include "engine/base/error.h"
#include "kernels/dispatch/device_table.h"
#include "kernels/dispatch/gpu_chunks.h"

namespace qs::kernels::cuda {
namespace {

template <class Result, class... Arguments>
Result absent(Arguments...) {
  throw NotBuilt("cuda");
}

}  // namespace

const DeviceTable& device_table() {
  static const DeviceTable table{absent,
                                 [](void*) noexcept {},  // nothing was ever allocated
                                 absent,
                                 absent,
                                 absent,
                                 absent,
                                 absent,
                                 absent,
                                 absent,
                                 absent,
                                 [](Side, void*) noexcept {},
                                 absent,
                                 absent,
                                 absent,
                                 gpu_lane_groups,
                                 DeviceTable::Chunks::full,
                                 DeviceTable::Memory::own};
  return table;
}

}  // namespace qs::kernels::cuda

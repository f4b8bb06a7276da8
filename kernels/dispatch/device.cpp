// Picks the device's table and forwards.
#include "kernels/api/device.h"

#include "engine/base/error.h"
#include "kernels/api/memory.h"
#include "kernels/dispatch/device_table.h"

namespace qs {
namespace {

const kernels::DeviceTable& on(Device device) {
  switch (device) {
    case Device::reference:
    case Device::cpu:
      return kernels::reference::device_table();
    case Device::cuda:
      return kernels::cuda::device_table();
  }
  throw NotBuilt("the requested device");
}

int round_up(int value, int multiple) { return (value + multiple - 1) / multiple * multiple; }

}  // namespace

int lane_groups_per_chunk(Device device, std::size_t group_bytes) { return on(device).lane_groups_per_chunk(group_bytes); }

int padded_rows(Device device, int rows, int chunk_rows, int lanes) {
  return on(device).chunks == kernels::DeviceTable::Chunks::full ? chunk_rows : round_up(rows, lanes);
}

std::vector<PhysicalDevice> physical_devices(Device device) { return on(device).physical_devices(); }
void use_physical_device(Device device, int index) { on(device).use_physical_device(index); }

namespace kernels {

void* allocate(Device device, std::size_t bytes, Contents contents) { return on(device).allocate(bytes, contents); }
void release(Device device, void* memory) noexcept { on(device).release(memory); }
void clear(Device device, void* memory, std::size_t bytes) { on(device).clear(memory, bytes); }
void clear_rows(Device device, void* memory, std::size_t stride, std::size_t bytes, std::int64_t rows) {
  on(device).clear_rows(memory, stride, bytes, rows);
}
void upload(Device device, void* to, const void* from, std::size_t bytes) { on(device).upload(to, from, bytes); }
void upload_rows(Device device, void* to, std::size_t to_stride, const void* from, std::size_t from_stride, std::size_t bytes, std::int64_t rows) {
  on(device).upload_rows(to, to_stride, from, from_stride, bytes, rows);
}
void download(Device device, void* to, const void* from, std::size_t bytes) { on(device).download(to, from, bytes); }
void download_rows(Device device, void* to, std::size_t to_stride, const void* from, std::size_t from_stride, std::size_t bytes, std::int64_t rows) {
  on(device).download_rows(to, to_stride, from, from_stride, bytes, rows);
}
void copy_rows(Device device, void* to, std::size_t to_stride, const void* from, std::size_t from_stride, std::size_t bytes, std::int64_t rows) {
  on(device).copy_rows(to, to_stride, from, from_stride, bytes, rows);
}
void* allocate_exchange(Device device, Side side, std::size_t bytes) { return on(device).allocate_exchange(side, bytes); }
void release_exchange(Device device, Side side, void* memory) noexcept { on(device).release_exchange(side, memory); }
void wait(Device device) { on(device).wait(); }
bool shares_host_memory(Device device) { return on(device).memory == DeviceTable::Memory::of_the_host; }

}  // namespace kernels
}  // namespace qs

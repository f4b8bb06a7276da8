// The memory of a device, the sizes of work that suit it, and the choice between several, behind kernels/api/memory.h and device.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/api/device.h"
#include "kernels/api/memory.h"

namespace qs::kernels {

struct DeviceTable {
  void* (*allocate)(std::size_t bytes, Contents contents);
  void (*release)(void* memory) noexcept;
  void (*clear)(void* memory, std::size_t bytes);
  void (*clear_rows)(void* memory, std::size_t stride, std::size_t bytes, std::int64_t rows);
  void (*upload)(void* to, const void* from, std::size_t bytes);
  void (*upload_rows)(void* to, std::size_t to_stride, const void* from, std::size_t from_stride, std::size_t bytes, std::int64_t rows);
  void (*download)(void* to, const void* from, std::size_t bytes);
  void (*download_rows)(void* to, std::size_t to_stride, const void* from, std::size_t from_stride, std::size_t bytes, std::int64_t rows);
  void (*copy_rows)(void* to, std::size_t to_stride, const void* from, std::size_t from_stride, std::size_t bytes, std::int64_t rows);
  void* (*allocate_exchange)(Side side, std::size_t bytes);
  void (*release_exchange)(Side side, void* memory) noexcept;
  void (*wait)();
  std::vector<PhysicalDevice> (*physical_devices)();
  void (*use_physical_device)(int index);
  int (*lane_groups_per_chunk)(std::size_t group_bytes);
  enum class Chunks { any_rows, full } chunks;  // full: the bits of a row depend on the number of rows, so that all chunks must have the same
  enum class Memory { of_the_host, own } memory;
};

namespace reference {  // host memory, also of the cpu device
const DeviceTable& device_table();
}
namespace cuda {
const DeviceTable& device_table();
}

}  // namespace qs::kernels

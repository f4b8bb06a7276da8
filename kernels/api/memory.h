// Memory where a device computes, and the way there from the host. Primitives take pointers into the memory of their device; what leaves or enters
// it is copied here and nowhere else. Calls on one device run in the order in which they are made; download waits for what was called before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/api/device.h"

namespace qs {

namespace kernels {

// What new memory holds. Clearing gigabytes that are overwritten anyway takes a tenth of a second each.
enum class Contents { zeros, anything };
// Where memory lies through which ranks exchange what lies in a device. `device`: memory of the device that another process may open (what allocate
// gives may not be such memory); `host`: page-locked, so that the device copies at full speed. Ordinary memory where the device computes in host
// memory.
enum class Side { device, host };

struct MemoryTable {
  // Aligned to 64 bytes at least. DeviceError, with the key to lower, if the device has no memory left (host: std::bad_alloc).
  void* (*allocate)(std::size_t bytes, Contents contents);
  void (*release)(void* memory) noexcept;
  // `rows` pieces of `bytes` bytes, `stride` bytes apart, so far apart on either side of a copy.
  void (*clear_rows)(void* memory, std::size_t stride, std::size_t bytes, std::int64_t rows);
  // Host to device; `from` may be changed on return.
  void (*upload_rows)(void* to, std::size_t to_stride, const void* from, std::size_t from_stride, std::size_t bytes, std::int64_t rows);
  // Device to host; complete on return.
  void (*download_rows)(void* to, std::size_t to_stride, const void* from, std::size_t from_stride, std::size_t bytes, std::int64_t rows);
  // Within the memory of the device; the pieces must not overlap.
  void (*copy_rows)(void* to, std::size_t to_stride, const void* from, std::size_t from_stride, std::size_t bytes, std::int64_t rows);
  // Kept for the next request of its size.
  void* (*allocate_exchange)(Side side, std::size_t bytes);
  void (*release_exchange)(Side side, void* memory) noexcept;
  // Returns when all that was called before is complete, for a reader that the device does not know.
  void (*wait)();
};

const MemoryTable& memory(Device device);

inline void clear(Device device, void* at, std::size_t bytes) { memory(device).clear_rows(at, bytes, bytes, 1); }
inline void upload(Device device, void* to, const void* from, std::size_t bytes) { memory(device).upload_rows(to, bytes, from, bytes, bytes, 1); }
inline void download(Device device, void* to, const void* from, std::size_t bytes) { memory(device).download_rows(to, bytes, from, bytes, bytes, 1); }
inline void copy(Device device, void* to, const void* from, std::size_t bytes) { memory(device).copy_rows(to, bytes, from, bytes, bytes, 1); }

// True where the device computes in host memory, so that nothing need be copied.
bool shares_host_memory(Device device);

}  // namespace kernels

// `count` values in the memory of a device, zero at first unless asked otherwise.
template <class T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;
  Buffer(Device device, std::size_t count, kernels::Contents contents = kernels::Contents::zeros)
      : device_(device), count_(count), data_(count > 0 ? static_cast<T*>(kernels::memory(device).allocate(count * sizeof(T), contents)) : nullptr) {}
  ~Buffer() {
    if (data_ != nullptr) kernels::memory(device_).release(data_);
  }
  Buffer(Buffer&& other) noexcept : device_(other.device_), count_(std::exchange(other.count_, 0)), data_(std::exchange(other.data_, nullptr)) {}
  Buffer& operator=(Buffer other) noexcept {
    std::swap(device_, other.device_);
    std::swap(count_, other.count_);
    std::swap(data_, other.data_);
    return *this;
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return count_; }

  void upload(const T* from, std::size_t count) { kernels::upload(device_, data_, from, count * sizeof(T)); }
  void download(T* to, std::size_t count) const { kernels::download(device_, to, data_, count * sizeof(T)); }

 private:
  Device device_ = Device::cpu;
  std::size_t count_ = 0;
  T* data_ = nullptr;
};

template <class T>
Buffer<T> buffer_of(Device device, const std::vector<T>& values) {
  Buffer<T> buffer(device, values.size());
  buffer.upload(values.data(), values.size());
  return buffer;
}

// What a device holds, for the host to read: the memory itself where the device computes in host memory, else a copy in `copy` (grown if need be).
template <class T>
const T* host_view(Device device, const T* data, std::size_t count, std::vector<T>& copy) {
  if (kernels::shares_host_memory(device)) return data;
  if (copy.size() < count) copy.resize(count);
  kernels::download(device, copy.data(), data, count * sizeof(T));
  return copy.data();
}

// An array of the host for the use of a device: the array itself where the device computes in host memory, a copy elsewhere. T const: read only.
template <class T>
class Staged {
  using Value = std::remove_const_t<T>;

 public:
  Staged(Device device, T* host, std::size_t count) : host_(host), count_(count), data_(host) {
    if (kernels::shares_host_memory(device)) return;
    copy_ = Buffer<Value>(device, count);
    copy_.upload(host, count);
    data_ = copy_.data();
  }

  T* data() const { return data_; }
  // The host's array holds what the device wrote.
  void write_back() {
    if (data_ != host_) copy_.download(host_, count_);
  }

 private:
  T* host_;
  std::size_t count_;
  T* data_;
  Buffer<Value> copy_;
};

}  // namespace qs

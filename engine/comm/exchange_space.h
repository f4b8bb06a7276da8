// Where values of a device wait for a collective: in the device itself if the communicator takes pointers into it (CUDA-aware MPI), else in
// page-locked memory of the host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "engine/comm/communicator.h"
#include "kernels/api/memory.h"

namespace qs {

template <class T>
class ExchangeSpace {
 public:
  ExchangeSpace(const Communicator& comm, Device device)
      : device_(device), side_(comm.reaches(device) ? kernels::Side::device : kernels::Side::host) {}
  ~ExchangeSpace() { release(); }
  ExchangeSpace(const ExchangeSpace&) = delete;
  ExchangeSpace& operator=(const ExchangeSpace&) = delete;

  // Room for `count` values at least, to be handed to collectives. Growing loses what it held.
  T* grow(std::size_t count) {
    if (count > count_) {
      release();
      data_ = static_cast<T*>(kernels::memory(device_).allocate_exchange(side_, count * sizeof(T)));
      count_ = count;
    }
    return data_;
  }
  T* data() { return data_; }

  // `rows` pieces of `columns` values, so far apart on either side, from the device to `to` in this space.
  void put_rows(T* to, std::int64_t to_stride, const T* from, std::int64_t from_stride, std::int64_t columns, std::int64_t rows) {
    const kernels::MemoryTable& memory = kernels::memory(device_);
    const auto move = side_ == kernels::Side::device ? memory.copy_rows : memory.download_rows;
    move(to, to_stride * sizeof(T), from, from_stride * sizeof(T), columns * sizeof(T), rows);
  }
  // The way back, from this space to the device.
  void take_rows(T* to, std::int64_t to_stride, const T* from, std::int64_t from_stride, std::int64_t columns, std::int64_t rows) {
    const kernels::MemoryTable& memory = kernels::memory(device_);
    const auto move = side_ == kernels::Side::device ? memory.copy_rows : memory.upload_rows;
    move(to, to_stride * sizeof(T), from, from_stride * sizeof(T), columns * sizeof(T), rows);
  }
  // To be called before a collective uses the space: the device has written what it was to, and reads nothing of it any more.
  void settle() { kernels::memory(device_).wait(); }

  // The first `count` values where the device reads them, until the next collective.
  const T* on_device(std::size_t count) {
    if (side_ == kernels::Side::device) return data_;
    if (arrived_.size() < count) arrived_ = Buffer<T>(device_, count, kernels::Contents::anything);
    arrived_.upload(data_, count);
    return arrived_.data();
  }

 private:
  void release() noexcept {
    if (data_ != nullptr) kernels::memory(device_).release_exchange(side_, std::exchange(data_, nullptr));
    count_ = 0;
  }

  Device device_;
  kernels::Side side_;
  std::size_t count_ = 0;
  T* data_ = nullptr;
  Buffer<T> arrived_;
};

}  // namespace qs

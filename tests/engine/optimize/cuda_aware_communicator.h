// A communicator whose collectives take pointers into the memory of the fake GPU, as those of a CUDA-aware MPI do: of the exchange's kind alone, and
// not before the device has done what it was asked.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <span>
#include <vector>

#include "engine/base/error.h"
#include "engine/comm/communicator.h"
#include "kernels/api/memory.h"
#include "tests/kernels/fake_gpu.h"

namespace qs::test {

class CudaAwareCommunicator final : public Communicator {
 public:
  // `device_bytes`: how much ranks received in the device's memory.
  CudaAwareCommunicator(Communicator& comm, std::atomic<std::size_t>& device_bytes) : comm_(comm), device_bytes_(device_bytes) {}

  int rank() const override { return comm_.rank(); }
  int size() const override { return comm_.size(); }
  bool reaches(Device) const override { return true; }
  void barrier() override { comm_.barrier(); }
  void broadcast_bytes(void* data, std::size_t bytes, int root) override { comm_.broadcast_bytes(data, bytes, root); }

  void all_gather_bytes(const void* mine, std::span<const std::size_t> counts, void* all) override {
    std::vector<std::byte> sent, received(total(counts));
    const void* from = on_host(mine, counts[rank()], sent);
    comm_.all_gather_bytes(from, counts, received.data());
    deliver(received, all);
  }
  void gather_bytes(const void* mine, std::span<const std::size_t> counts, void* all, int root) override {
    std::vector<std::byte> sent, received(total(counts));
    const void* from = on_host(mine, counts[rank()], sent);
    comm_.gather_bytes(from, counts, received.data(), root);
    if (rank() == root) deliver(received, all);
  }
  [[noreturn]] void abort(int code) override {
    comm_.abort(code);
    std::terminate();
  }

 private:
  static std::size_t total(std::span<const std::size_t> counts) {
    std::size_t sum = 0;
    for (const std::size_t count : counts) sum += count;
    return sum;
  }
  static const void* on_host(const void* data, std::size_t bytes, std::vector<std::byte>& copy) {
    if (!fake_gpu_exports(data)) return data;
    QS_ASSERT(fake_gpu_is_settled());
    copy.resize(bytes);
    kernels::download(Device::cuda, copy.data(), data, bytes);
    return copy.data();
  }
  void deliver(const std::vector<std::byte>& received, void* all) {
    if (!fake_gpu_exports(all)) {
      std::copy(received.begin(), received.end(), static_cast<std::byte*>(all));
      return;
    }
    QS_ASSERT(fake_gpu_is_settled());
    kernels::upload(Device::cuda, all, received.data(), received.size());
    device_bytes_ += received.size();
  }

  Communicator& comm_;
  std::atomic<std::size_t>& device_bytes_;
};

}  // namespace qs::test

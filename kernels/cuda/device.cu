// Memory of the GPU, copies to and from it, and the list of GPUs.
#include <cuda_runtime.h>

#include <cstdio>
#include <cstring>

#include "kernels/cuda/context.h"
#include "kernels/cuda/exchange_memory.h"
#include "kernels/dispatch/device_table.h"
#include "kernels/dispatch/gpu_chunks.h"

namespace qs::kernels::cuda {
namespace {

void* allocate(std::size_t bytes, Contents contents) {
  Held held;
  void* memory = allocate_queued(held.device, bytes);
  if (contents == Contents::zeros) check(cudaMemsetAsync(memory, 0, bytes, held.device.stream), "clearing memory");
  return memory;
}

// What was allocated proves that the context exists.
void release(void* memory) noexcept {
  Context& device = context();
  const std::unique_lock<std::mutex> lock(device.mutex);
  cudaSetDevice(device.device);
  release_queued(device, memory);
}

void clear(void* memory, std::size_t bytes) {
  Held held;
  check(cudaMemsetAsync(memory, 0, bytes, held.device.stream), "clearing memory");
}

void clear_rows(void* memory, std::size_t stride, std::size_t bytes, std::int64_t rows) {
  if (bytes == 0 || rows == 0) return;
  Held held;
  check(cudaMemset2DAsync(memory, stride, 0, bytes, static_cast<std::size_t>(rows), held.device.stream), "clearing memory");
}

// Rows of bytes; waits where the host is on one side.
void copy_pieces(cudaMemcpyKind kind, const char* what, void* to, std::size_t to_stride, const void* from, std::size_t from_stride, std::size_t bytes,
                 std::int64_t rows) {
  if (bytes == 0 || rows == 0) return;
  Held held;
  check(cudaMemcpy2DAsync(to, to_stride, from, from_stride, bytes, static_cast<std::size_t>(rows), kind, held.device.stream), what);
  if (kind != cudaMemcpyDeviceToDevice) check(cudaStreamSynchronize(held.device.stream), what);
}

// Waits, because a copy from page-locked memory would still be reading it.
void upload(void* to, const void* from, std::size_t bytes) {
  if (bytes == 0) return;
  Held held;
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, held.device.stream), "copying to the GPU");
  check(cudaStreamSynchronize(held.device.stream), "copying to the GPU");
}

void upload_rows(void* to, std::size_t to_stride, const void* from, std::size_t from_stride, std::size_t bytes, std::int64_t rows) {
  copy_pieces(cudaMemcpyHostToDevice, "copying to the GPU", to, to_stride, from, from_stride, bytes, rows);
}

void download(void* to, const void* from, std::size_t bytes) {
  if (bytes == 0) return;
  Held held;
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, held.device.stream), "copying from the GPU");
  check(cudaStreamSynchronize(held.device.stream), "copying from the GPU");
}

void download_rows(void* to, std::size_t to_stride, const void* from, std::size_t from_stride, std::size_t bytes, std::int64_t rows) {
  copy_pieces(cudaMemcpyDeviceToHost, "copying from the GPU", to, to_stride, from, from_stride, bytes, rows);
}

void copy_rows(void* to, std::size_t to_stride, const void* from, std::size_t from_stride, std::size_t bytes, std::int64_t rows) {
  copy_pieces(cudaMemcpyDeviceToDevice, "copying within the GPU", to, to_stride, from, from_stride, bytes, rows);
}

void wait() {
  Held held;
  check(cudaStreamSynchronize(held.device.stream), "waiting for the GPU");
}

std::string hexadecimal(const cudaUUID_t& uuid) {
  std::string text;
  for (const char byte : uuid.bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned>(static_cast<unsigned char>(byte)));
    text += digits;
  }
  return text;
}

std::vector<PhysicalDevice> physical_devices() {
  std::vector<PhysicalDevice> devices(static_cast<std::size_t>(count_devices()));
  for (std::size_t index = 0; index < devices.size(); ++index) {
    cudaDeviceProp properties;
    check(cudaGetDeviceProperties(&properties, static_cast<int>(index)), "cudaGetDeviceProperties");
    devices[index].id = hexadecimal(properties.uuid);
    devices[index].name = std::string(properties.name) + ", " + std::to_string(properties.totalGlobalMem >> 30) + " GiB";
  }
  return devices;
}

}  // namespace

const DeviceTable& device_table() {
  static const DeviceTable table{allocate,
                                 release,
                                 clear,
                                 clear_rows,
                                 upload,
                                 upload_rows,
                                 download,
                                 download_rows,
                                 copy_rows,
                                 allocate_exchange,
                                 release_exchange,
                                 wait,
                                 physical_devices,
                                 use_device,
                                 gpu_lane_groups,
                                 DeviceTable::Chunks::full,
                                 DeviceTable::Memory::own};
  return table;
}

}  // namespace qs::kernels::cuda

// Memory of the GPU, copies to and from it, and the list of GPUs.
#include <cuda_runtime.h>

#include <cstdio>
#include <cstring>

#include "kernels/cuda/context.h"
#include "kernels/cuda/exchange_memory.h"
#include "kernels/cuda/install.h"

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

// A single piece may be longer than the largest pitch, 2 GiB.
void clear_rows(void* memory, std::size_t stride, std::size_t bytes, std::int64_t rows) {
  if (bytes == 0 || rows == 0) return;
  Held held;
  check(rows == 1 ? cudaMemsetAsync(memory, 0, bytes, held.device.stream)
                  : cudaMemset2DAsync(memory, stride, 0, bytes, static_cast<std::size_t>(rows), held.device.stream),
        "clearing memory");
}

// Rows of bytes. Waits where the host is on one side: a copy from page-locked memory would still be reading it.
void copy_pieces(cudaMemcpyKind kind, const char* what, void* to, std::size_t to_stride, const void* from, std::size_t from_stride, std::size_t bytes,
                 std::int64_t rows) {
  if (bytes == 0 || rows == 0) return;
  Held held;
  check(rows == 1 ? cudaMemcpyAsync(to, from, bytes, kind, held.device.stream)
                  : cudaMemcpy2DAsync(to, to_stride, from, from_stride, bytes, static_cast<std::size_t>(rows), kind, held.device.stream),
        what);
  if (kind != cudaMemcpyDeviceToDevice) check(cudaStreamSynchronize(held.device.stream), what);
}

void upload_rows(void* to, std::size_t to_stride, const void* from, std::size_t from_stride, std::size_t bytes, std::int64_t rows) {
  copy_pieces(cudaMemcpyHostToDevice, "copying to the GPU", to, to_stride, from, from_stride, bytes, rows);
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

void install_memory(Tables& tables) {
  static_cast<MemoryTable&>(tables) = {allocate,  release,           clear_rows,       upload_rows, download_rows,
                                       copy_rows, allocate_exchange, release_exchange, wait};
  tables.physical_devices = physical_devices;
  tables.use_physical_device = use_device;
}

}  // namespace qs::kernels::cuda

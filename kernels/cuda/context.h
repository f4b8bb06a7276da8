// The device of this process: one GPU, one stream, the library handles that belong to them. Made at the first use, on the device that use_device
// (kernels/api/device.h) chose.
#pragma once

#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <cusolverDn.h>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

#include "engine/base/error.h"
#include "kernels/cuda/products.h"

namespace qs::kernels::cuda {

struct Context {
  int device = 0;
  int team_memory = 0;  // bytes of shared memory that a thread block may ask for
  cudaStream_t stream = nullptr;
  cublasHandle_t blas = nullptr;
  void* blas_workspace = nullptr;  // its own: cuBLAS would allocate it in a recorded stream, and might choose other kernels there
  cusolverDnHandle_t solver = nullptr;
  cusolverDnParams_t solver_options = nullptr;
  std::mutex mutex;  // handles and the order of what is queued belong to one host thread at a time
};

Context& context();
// The GPU that context() will take; before its first use.
void use_device(int index);
// GPUs this process sees, at least one: otherwise DeviceError says why there is none.
int count_devices();

// DeviceError if `status` is one: what failed, CUDA's words, and what to do.
void check(cudaError_t status, const char* what);
void check(cublasStatus_t status, const char* what);
void check(cusolverStatus_t status, const char* what);

// Holds the context for this host thread, with its GPU as the current one.
struct Held {
  Held() : device(context()), lock(device.mutex) { check(cudaSetDevice(device.device), "cudaSetDevice"); }
  Context& device;
  std::unique_lock<std::mutex> lock;
};

DeviceError out_of_memory(const std::string& reason);

// What the stream-ordered pool keeps for later goes back to the driver, which the libraries and MPI ask for memory. Waits.
void trim_pool(Context& context);
// The same where the driver has little left.
void leave_room_for_libraries(Context& context);

// Memory in the order of the stream: usable by what is queued after, returned to the device's pool once what was queued before has run.
void* allocate_queued(Context& context, std::size_t bytes);
void release_queued(Context& context, void* memory) noexcept;

void running_sums(Context& context, std::int64_t n, std::int64_t* values);
void multiply(Context& context, const Product<float>& product);
void multiply(Context& context, const Product<double>& product);

}  // namespace qs::kernels::cuda

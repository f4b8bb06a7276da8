#include "kernels/cuda/context.h"

#include <atomic>
#include <memory>

namespace qs::kernels::cuda {
namespace {

// The choice of use_device; it can no longer be changed once the context exists.
struct Choice {
  std::atomic<int> device{0};
  std::atomic<bool> settled{false};
};
Choice& choice() {
  static Choice made;
  return made;
}

constexpr std::size_t blas_workspace_bytes = std::size_t{32} << 20;  // what NVIDIA recommends for Hopper
constexpr std::size_t library_bytes = std::size_t{256} << 20;        // of a solver at most, beside the workspace that it is given

std::string mebibytes(std::size_t bytes) { return std::to_string((bytes + (std::size_t{1} << 20) - 1) >> 20) + " MiB"; }

// Never destroyed: at the end of the process the CUDA runtime may be gone before a static object is.
Context* make_context() {
  auto made = std::make_unique<Context>();
  count_devices();  // none: says so
  made->device = choice().device;
  check(cudaSetDevice(made->device), "cudaSetDevice");
  check(cudaDeviceGetAttribute(&made->team_memory, cudaDevAttrMaxSharedMemoryPerBlockOptin, made->device), "the device's shared memory");
  check(cudaStreamCreateWithFlags(&made->stream, cudaStreamNonBlocking), "creating a stream");
  // Released memory stays in the pool: a steady state asks the driver for nothing.
  cudaMemPool_t pool = nullptr;
  check(cudaDeviceGetDefaultMemPool(&pool, made->device), "the device's memory pool");
  std::uint64_t keep = UINT64_MAX;
  check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &keep), "the device's memory pool");

  check(cublasCreate(&made->blas), "cublasCreate");
  check(cublasSetStream(made->blas, made->stream), "cublasSetStream");
  check(cudaMalloc(&made->blas_workspace, blas_workspace_bytes), "the workspace of cuBLAS");
  check(cublasSetWorkspace(made->blas, made->blas_workspace, blas_workspace_bytes), "cublasSetWorkspace");  // a new stream would take it away
  check(cublasSetMathMode(made->blas, CUBLAS_DEFAULT_MATH), "cublasSetMathMode");                           // float32 is float32, not TF32
  check(cublasSetAtomicsMode(made->blas, CUBLAS_ATOMICS_NOT_ALLOWED), "cublasSetAtomicsMode");
  check(cusolverDnCreate(&made->solver), "cusolverDnCreate");
  check(cusolverDnSetStream(made->solver, made->stream), "cusolverDnSetStream");
  check(cusolverDnCreateParams(&made->solver_options), "cusolverDnCreateParams");
  choice().settled = true;
  return made.release();
}

cublasOperation_t operation(Transpose t) { return t == Transpose::no ? CUBLAS_OP_N : CUBLAS_OP_T; }

}  // namespace

Context& context() {
  static Context& made = *make_context();
  return made;
}

int count_devices() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaSuccess && count > 0) return count;
  cudaGetLastError();
  throw DeviceError(std::string("device: cuda finds no GPU (") + (status == cudaSuccess ? "none is visible" : cudaGetErrorString(status)) +
                    "); start on a machine with an NVIDIA GPU and its driver (nvidia-smi lists both), or choose device: cpu");
}

void use_device(int index) {
  QS_ASSERT(!choice().settled || choice().device == index);
  choice().device = index;
}

void check(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  throw DeviceError(std::string("the GPU reports an error at ") + what + ": " + cudaGetErrorString(status) + " (" + cudaGetErrorName(status) +
                    "; it may stem from earlier work); see nvidia-smi, or choose device: cpu");
}

void check(cublasStatus_t status, const char* what) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  if (status == CUBLAS_STATUS_ALLOC_FAILED) throw out_of_memory("cuBLAS needs more memory");
  throw DeviceError(std::string("cuBLAS fails at ") + what + " (" + cublasGetStatusString(status) + "); see nvidia-smi, or choose device: cpu");
}

void check(cusolverStatus_t status, const char* what) {
  if (status == CUSOLVER_STATUS_SUCCESS) return;
  if (status == CUSOLVER_STATUS_ALLOC_FAILED) throw out_of_memory("cuSOLVER needs more memory");
  throw DeviceError(std::string("cuSOLVER fails at ") + what + " (status " + std::to_string(static_cast<int>(status)) +
                    "); see nvidia-smi, or choose device: cpu");
}

DeviceError out_of_memory(const std::string& reason) {
  return DeviceError("the GPU is out of memory (" + reason + "); lower sampler.samples, or use more GPUs");
}

void* allocate_queued(Context& context, std::size_t bytes) {
  void* memory = nullptr;
  const cudaError_t status = cudaMallocAsync(&memory, bytes > 0 ? bytes : 1, context.stream);
  if (status != cudaErrorMemoryAllocation) {
    check(status, "cudaMallocAsync");
    return memory;
  }
  cudaGetLastError();  // not to be reported again by the next launch
  std::size_t available = 0, total = 0;
  check(cudaMemGetInfo(&available, &total), "cudaMemGetInfo");
  throw out_of_memory("asked for " + mebibytes(bytes) + ", free are " + mebibytes(available) + " of " + mebibytes(total));
}

void trim_pool(Context& context) {
  cudaGetLastError();  // not to be reported again by the next launch
  cudaMemPool_t pool = nullptr;
  check(cudaStreamSynchronize(context.stream), "waiting for the GPU");
  check(cudaDeviceGetDefaultMemPool(&pool, context.device), "the device's memory pool");
  check(cudaMemPoolTrimTo(pool, 0), "the device's memory pool");
}

void leave_room_for_libraries(Context& context) {
  std::size_t available = 0, total = 0;
  check(cudaMemGetInfo(&available, &total), "cudaMemGetInfo");
  if (available < library_bytes) trim_pool(context);
}

// Errors are ignored: this runs in destructors, perhaps because of one, and the next call reports it.
void release_queued(Context& context, void* memory) noexcept { cudaFreeAsync(memory, context.stream); }

namespace {

// call() once more with what the pool gives back, if cuBLAS found no memory: then it has not begun.
template <class Call>
void multiply_with_room(Context& context, const Call& call) {
  cublasStatus_t status = call();
  if (status == CUBLAS_STATUS_ALLOC_FAILED) {
    trim_pool(context);
    status = call();
  }
  check(status, "a matrix product");
}

}  // namespace

void multiply(Context& context, const Product<float>& p) {
  multiply_with_room(context, [&] {
    return cublasSgemmStridedBatched_64(context.blas, operation(p.ta), operation(p.tb), p.m, p.n, p.k, &p.alpha, p.a, p.lda, p.a_stride, p.b, p.ldb,
                                        p.b_stride, &p.beta, p.c, p.ldc, p.c_stride, p.count);
  });
}

void multiply(Context& context, const Product<double>& p) {
  multiply_with_room(context, [&] {
    return cublasDgemmStridedBatched_64(context.blas, operation(p.ta), operation(p.tb), p.m, p.n, p.k, &p.alpha, p.a, p.lda, p.a_stride, p.b, p.ldb,
                                        p.b_stride, &p.beta, p.c, p.ldc, p.c_stride, p.count);
  });
}

}  // namespace qs::kernels::cuda

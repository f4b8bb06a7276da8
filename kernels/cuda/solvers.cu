// Factorisations through the 64-bit interface of cuSOLVER. A matrix by rows is its transpose by columns: the lower triangle that the API names is the
// upper one of cuSOLVER, and eigenvectors in columns are rows.
#include <type_traits>
#include <vector>

#include "kernels/cuda/install.h"
#include "kernels/cuda/queue.cuh"

namespace qs::kernels::cuda {
namespace {

constexpr cublasFillMode_t lower_by_rows = CUBLAS_FILL_MODE_UPPER;

struct WorkspaceBytes {
  std::size_t device = 0, host = 0;
};

// Runs call(device workspace, host workspace, info), waits, and returns the info. A negative one names a wrong argument.
template <class Call>
std::int64_t run_solver(DeviceQueue& queue, WorkspaceBytes bytes, const Call& call) {
  auto device_memory = queue.temporary<unsigned char>(static_cast<std::int64_t>(bytes.device));
  auto info_memory = queue.temporary<int>(1);
  std::vector<unsigned char> host_memory(bytes.host);
  leave_room_for_libraries(queue.device());  // a solver works in place: it cannot be asked once more
  call(device_memory.data(), host_memory.data(), info_memory.data());
  int info = 0;
  check(cudaMemcpyAsync(&info, info_memory.data(), sizeof info, cudaMemcpyDeviceToHost, queue.device().stream), "reading a solver's status");
  check(cudaStreamSynchronize(queue.device().stream), "a solver");
  QS_ASSERT(info >= 0);
  return info;
}

template <class Real>
constexpr cudaDataType type_of = std::is_same_v<Real, float> ? CUDA_R_32F : CUDA_R_64F;

template <class Real>
std::int64_t cholesky(std::int64_t n, Real* a, std::int64_t lda) {
  if (n == 0) return 0;
  DeviceQueue queue;
  Context& c = queue.device();
  WorkspaceBytes bytes;
  check(cusolverDnXpotrf_bufferSize(c.solver, c.solver_options, lower_by_rows, n, type_of<Real>, a, lda, type_of<Real>, &bytes.device, &bytes.host),
        "the workspace of a Cholesky factor");
  return run_solver(queue, bytes, [&](void* device_memory, void* host_memory, int* info) {
    check(cusolverDnXpotrf(c.solver, c.solver_options, lower_by_rows, n, type_of<Real>, a, lda, type_of<Real>, device_memory, bytes.device,
                           host_memory, bytes.host, info),
          "a Cholesky factor");
  });
}

template <class Real>
void cholesky_solve(std::int64_t n, const Real* factor, std::int64_t lda, Real* b) {
  if (n == 0) return;
  DeviceQueue queue;
  Context& c = queue.device();
  run_solver(queue, {}, [&](void*, void*, int* info) {
    check(cusolverDnXpotrs(c.solver, c.solver_options, lower_by_rows, n, 1, type_of<Real>, factor, lda, type_of<Real>, b, n, info),
          "a Cholesky solve");
  });
}

std::int64_t eigen(std::int64_t n, double* a, std::int64_t lda, double* values) {
  if (n == 0) return 0;
  DeviceQueue queue;
  Context& c = queue.device();
  WorkspaceBytes bytes;
  check(cusolverDnXsyevd_bufferSize(c.solver, c.solver_options, CUSOLVER_EIG_MODE_VECTOR, lower_by_rows, n, CUDA_R_64F, a, lda, CUDA_R_64F, values,
                                    CUDA_R_64F, &bytes.device, &bytes.host),
        "the workspace of an eigen-decomposition");
  return run_solver(queue, bytes, [&](void* device_memory, void* host_memory, int* info) {
    check(cusolverDnXsyevd(c.solver, c.solver_options, CUSOLVER_EIG_MODE_VECTOR, lower_by_rows, n, CUDA_R_64F, a, lda, CUDA_R_64F, values, CUDA_R_64F,
                           device_memory, bytes.device, host_memory, bytes.host, info),
          "an eigen-decomposition");
  });
}

template <class Real>
void install_factors(MatrixTable<Real>& table) {
  table.cholesky = cholesky<Real>;
  table.cholesky_solve = cholesky_solve<Real>;
}

}  // namespace

void install_solvers(Tables& tables) {
  install_factors<float>(tables);
  install_factors<double>(tables);
  tables.eigen = eigen;
}

}  // namespace qs::kernels::cuda

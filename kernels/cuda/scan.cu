#include <cub/device/device_scan.cuh>

#include "kernels/cuda/context.h"

namespace qs::kernels::cuda {

void running_sums(Context& context, std::int64_t n, std::int64_t* values) {
  std::size_t bytes = 0;
  check(cub::DeviceScan::InclusiveSum(nullptr, bytes, values, values, n, context.stream), "the workspace of running sums");
  void* workspace = allocate_queued(context, bytes);
  const cudaError_t status = cub::DeviceScan::InclusiveSum(workspace, bytes, values, values, n, context.stream);
  release_queued(context, workspace);
  check(status, "running sums");
}

}  // namespace qs::kernels::cuda

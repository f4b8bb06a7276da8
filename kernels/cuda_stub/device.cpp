// A build without CUDA has no GPU memory to give.
#include "kernels/api/error.h"
#include "kernels/dispatch/device_table.h"

namespace qs::kernels::cuda {

const DeviceTable& device_table() { throw NotBuilt("cuda"); }

}  // namespace qs::kernels::cuda

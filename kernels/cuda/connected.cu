// Connected configurations on the device's queue.
#include "kernels/cuda/connected.h"

#include "kernels/cuda/queue.cuh"

namespace qs::kernels::cuda {

const ConnectedTable& connected_table() {
  static const ConnectedTable table = ConnectedConfigurations<DeviceQueue>::table();
  return table;
}

}  // namespace qs::kernels::cuda

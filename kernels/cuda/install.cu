// The primitives on the device's queue.
#include "kernels/cuda/install.h"

#include "kernels/cuda/queue.cuh"

namespace qs::kernels::cuda {

void install(Tables& tables) {
  install_bodies<DeviceQueue>(tables);
  install_solvers(tables);
  install_memory(tables);
  install_recording(tables);
}

}  // namespace qs::kernels::cuda

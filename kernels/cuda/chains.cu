// Metropolis chains on the device's queue.
#include "kernels/cuda/chains.h"

#include "kernels/cuda/queue.cuh"

namespace qs::kernels::cuda {

const ChainTable& chain_table() {
  static const ChainTable table = MarkovChains<DeviceQueue>::table();
  return table;
}

}  // namespace qs::kernels::cuda

// The network primitives on the device's queue.
#include "kernels/cuda/network.h"

#include "kernels/cuda/queue.cuh"

namespace qs::kernels::cuda {

template <class Real>
const NetworkTable<Real>& network_table() {
  static const NetworkTable<Real> table = Network<Real, DeviceQueue>::table();
  return table;
}

template const NetworkTable<float>& network_table<float>();
template const NetworkTable<double>& network_table<double>();

}  // namespace qs::kernels::cuda

// A build without CUDA has no table to offer.
#include "engine/base/error.h"
#include "kernels/dispatch/network_table.h"

namespace qs::kernels::cuda {

template <class Real>
const NetworkTable<Real>& network_table() {
  throw NotBuilt("cuda");
}
template const NetworkTable<float>& network_table<float>();
template const NetworkTable<double>& network_table<double>();

}  // namespace qs::kernels::cuda

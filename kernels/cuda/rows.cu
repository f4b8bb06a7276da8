// Operations on Jacobian rows on the device's queue.
#include "kernels/cuda/rows.h"

#include "kernels/cuda/queue.cuh"

namespace qs::kernels::cuda {

template <class Real>
const RowTable<Real>& row_table() {
  static const RowTable<Real> table = JacobianRows<Real, DeviceQueue>::table();
  return table;
}
template const RowTable<float>& row_table<float>();
template const RowTable<double>& row_table<double>();

}  // namespace qs::kernels::cuda

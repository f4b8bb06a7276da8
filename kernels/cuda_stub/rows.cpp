// A build without CUDA has no table to offer.
#include "engine/base/error.h"
#include "kernels/dispatch/rows_table.h"

namespace qs::kernels::cuda {

template <class Real>
const RowTable<Real>& row_table() {
  throw NotBuilt("cuda");
}
template const RowTable<float>& row_table<float>();
template const RowTable<double>& row_table<double>();

}  // namespace qs::kernels::cuda

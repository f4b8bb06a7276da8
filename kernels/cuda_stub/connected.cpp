// A build without CUDA has no table to offer.
#include "engine/base/error.h"
#include "kernels/dispatch/connected_table.h"

namespace qs::kernels::cuda {

const ConnectedTable& connected_table() { throw NotBuilt("cuda"); }

}  // namespace qs::kernels::cuda

// A build without CUDA has nothing to offer.
#include "kernels/dispatch/tables.h"

#include "engine/base/error.h"

namespace qs::kernels::cuda {

void install(Tables&) { throw NotBuilt("cuda"); }

}  // namespace qs::kernels::cuda

// A build without CUDA has no table to offer.
#include "kernels/dispatch/recording_table.h"

#include "engine/base/error.h"

namespace qs::kernels::cuda {

const RecordingTable& recording_table() { throw NotBuilt("cuda"); }

}  // namespace qs::kernels::cuda

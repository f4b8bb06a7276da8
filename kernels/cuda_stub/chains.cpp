// A build without CUDA has no chains on a GPU, but it can plan their memory.
#include "engine/base/error.h"
#include "kernels/dispatch/chains_table.h"
#include "kernels/dispatch/gpu_chunks.h"

namespace qs::kernels::cuda {
namespace {

template <class... Arguments>
void absent(Arguments...) {
  throw NotBuilt("cuda");
}

}  // namespace

const ChainTable& chain_table() {
  static const ChainTable table{gpu_chains_per_call, absent, absent};
  return table;
}

}  // namespace qs::kernels::cuda

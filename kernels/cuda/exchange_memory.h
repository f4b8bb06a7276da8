// Memory through which ranks exchange what lies in the GPU (kernels/api/memory.h). Not of the stream-ordered pool: MPI libraries hand GPU memory to
// other processes of the machine by cudaIpcGetMemHandle, which refuses the pool's.
#pragma once

#include <cstddef>

#include "kernels/api/memory.h"

namespace qs::kernels::cuda {

void* allocate_exchange(Side side, std::size_t bytes);
void release_exchange(Side side, void* memory) noexcept;

}  // namespace qs::kernels::cuda

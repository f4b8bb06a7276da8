#include "engine/comm/cuda_pointers.h"

namespace qs {

// An MPI that does not say.
bool mpi_takes_cuda_pointers() { return false; }

}  // namespace qs

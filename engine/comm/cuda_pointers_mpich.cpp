#include <mpi.h>

#include "engine/comm/cuda_pointers.h"

namespace qs {

// MPICH from 4.0 on.
bool mpi_takes_cuda_pointers() {
  int supported = 0;
  return MPIX_GPU_query_support(MPIX_GPU_SUPPORT_CUDA, &supported) == MPI_SUCCESS && supported != 0;
}

}  // namespace qs

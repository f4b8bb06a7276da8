#include <mpi.h>

#include <mpi-ext.h>  // needs mpi.h before it

#include "engine/comm/cuda_pointers.h"

namespace qs {

// Open MPI, and Cray MPICH. Open MPI: --mca opal_cuda_support 0 switches it off.
bool mpi_takes_cuda_pointers() { return MPIX_Query_cuda_support() == 1; }

}  // namespace qs

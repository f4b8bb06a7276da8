// Whether MPI takes pointers into the memory of a GPU: an extension that every MPI spells in its own way. CMake links the file of the one it found.
#pragma once

namespace qs {

// True if the library was built for CUDA and uses it now. After MPI_Init.
bool mpi_takes_cuda_pointers();

}  // namespace qs

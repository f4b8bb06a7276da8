// What a stage takes on a GPU, for --dry-run: planned on any machine.
#pragma once

#include <string>

#include "engine/stages/vmc_stage.h"
#include "engine/wavefunctions/wavefunction.h"
#include "hamiltonians/problem.h"

namespace qs {

// Buffers of the GPU of rank 0, which also solves, and how many samples fit common sizes. `threads` of a rank. Ends with a line break.
std::string describe_gpu_memory(const VmcOptions& options, const ProblemFamily& family, const Wavefunction& psi, int ranks, int threads);

}  // namespace qs

// What a stage takes on a GPU, for --dry-run: planned on any machine.
#pragma once

#include <string>

#include "engine/stages/stage_entry.h"
#include "engine/wavefunctions/wavefunction.h"

namespace qs {

// Of a stage that samples and takes steps: buffers of the GPU of rank 0, which also solves, and how many samples fit common sizes. `threads` of a
// rank. Ends with a line break.
std::string describe_gpu_memory(const StagePlan& stage, const Wavefunction& psi, int ranks, int threads);

}  // namespace qs

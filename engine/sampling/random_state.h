// Uniform random basis states of a sector of any size.
#pragma once

#include <cstdint>

#include "engine/base/random.h"
#include "hamiltonians/sector.h"

namespace qs {

// Fills row [words_for(sector.modes())] from draws (key, stream, step, 0, 1, ...).
void random_state(const Sector& sector, RandomKey key, std::uint32_t stream, std::uint64_t step, Word* row);

}  // namespace qs

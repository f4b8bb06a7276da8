// The most memory this process held, as the kernel counts it (Linux).
#pragma once

#include <cstdint>

namespace qs {

// Bytes resident at the worst moment since the start or since forget_peak_memory(); 0 where the system does not say.
std::int64_t peak_memory();
// Starts counting anew. Where that is not permitted the peak stays that of the whole process.
void forget_peak_memory();

}  // namespace qs

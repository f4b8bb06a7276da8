#include "engine/bench/peak_memory.h"

#include <fstream>
#include <string>

namespace qs {

std::int64_t peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "VmHWM:") continue;
    std::int64_t kibibytes = 0;
    status >> kibibytes;
    return kibibytes * 1024;
  }
  return 0;
}

// proc(5): writing 5 resets the peak resident set size to the present one.
void forget_peak_memory() { std::ofstream("/proc/self/clear_refs") << '5'; }

}  // namespace qs

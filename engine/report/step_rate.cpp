#include "engine/report/step_rate.h"

#include <algorithm>
#include <cmath>

namespace qs {

void StepRate::begin(double now) {
  *this = {};
  last_ = now;
}

void StepRate::finish(std::int64_t steps, double now) {
  constexpr double memory_seconds = 60, memory_steps = 10;
  const double seconds = now - last_;
  last_ = now;
  // What a stage does before its first step (thermalise, plan memory) is timed with that step, which therefore counts only until the second.
  const bool replaces_first = calls_++ == 1;
  const double memory = std::max(memory_seconds, memory_steps * seconds_per_step());
  const double kept = replaces_first ? 0 : std::exp(-seconds / memory);
  seconds_ = kept * seconds_ + seconds;
  steps_ = kept * steps_ + static_cast<double>(steps);
}

}  // namespace qs

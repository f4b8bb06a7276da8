// What differs between the input of a checkpoint and the one that wants to go on from it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/input/input.h"

namespace qs {

// "stages.1.optimizer.lr: 0.02 -> 0.01", one line per difference that would make it another calculation. Step targets, limits, cadence, log,
// device, threads, title and output directory may change.
std::vector<std::string> forbidden_changes(const input::Node& before, const input::Node& now);
// The same of every difference.
std::vector<std::string> all_changes(const input::Node& before, const input::Node& now);

struct StepChange {
  int stage = 0;
  std::int64_t before = 0, now = 0;
};
std::vector<StepChange> changed_steps(const input::Node& before, const input::Node& now);

}  // namespace qs

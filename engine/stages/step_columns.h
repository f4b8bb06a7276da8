// The columns of a trace that tell of a parameter update.
#pragma once

#include <string>
#include <vector>

#include "engine/optimize/optimizer.h"

namespace qs {

std::vector<std::string> step_columns();
std::vector<double> step_values(const StepReport& report);  // in the order of step_columns()

}  // namespace qs

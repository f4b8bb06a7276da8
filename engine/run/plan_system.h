// The parts of the plan that describe physics: system and families, sampler, optimizer. Used by plan.cpp.
#pragma once

#include "engine/input/input.h"
#include "engine/optimize/optimizer.h"
#include "engine/stages/measure.h"
#include "hamiltonians/registry.h"

namespace qs {

SystemOptions system_options(const input::Node& system);
// The system with the family of a stage (null node: a family of one).
SystemOptions with_family(SystemOptions system, const input::Node& family);
SamplerOptions sampler_options(const input::Node& sampler);
OptimizerOptions optimizer_options(const input::Node& optimizer);

}  // namespace qs

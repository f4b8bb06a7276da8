// The observables of an evaluate stage: named ones that the system must allow, and those that the input writes out.
#pragma once

#include "engine/input/input.h"
#include "engine/stages/evaluate_stage.h"
#include "hamiltonians/registry.h"

namespace qs {

// Reads the terms of the user's own observables into `options`, and reports what the system does not allow where it stands in the input.
void plan_observables(const input::Node& list, const ProblemFamily& family, const SystemOptions& system, EvaluateOptions& options,
                      input::Diagnostics& diagnostics);

}  // namespace qs

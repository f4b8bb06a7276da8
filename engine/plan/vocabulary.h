// Every word of the input, collected from the rooms that understand them.
#pragma once

#include "engine/base/options.h"
#include "engine/input/schema.h"
#include "engine/plan/plan.h"

namespace qs {

const input::Schema& vocabulary();

// Keys of the run itself, by section: "", precision, output, limits, checkpoint, log.
Options<RunPlan> run_options();
Options<NetworkPlan> precision_options();
Options<RunPlan> output_options();
Options<RunPlan> limits_options();
Options<RunPlan> checkpoint_options();
Options<RunPlan> log_options();

}  // namespace qs

// A planned stage, ready to begin.
#pragma once

#include <memory>

#include "engine/plan/plan.h"
#include "engine/stages/exact_states.h"
#include "engine/stages/stage.h"

namespace qs {

// `exact` outlives the stage; targets that no file gives are diagonalised now, unless it has them already. Collective.
std::unique_ptr<Stage> make_stage(const StagePlan& plan, StageContext context, ExactStates& exact);

}  // namespace qs

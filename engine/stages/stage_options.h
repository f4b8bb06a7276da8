// The words of the stages, bound to their options. What a stage needs of files, of the system or of other stages is the planner's.
#pragma once

#include "engine/base/options.h"
#include "engine/stages/ed_stage.h"
#include "engine/stages/evaluate_stage.h"
#include "engine/stages/pretrain_stage.h"
#include "engine/stages/vmc_stage.h"

namespace qs {

Options<EdStageOptions> ed_options();
Options<PretrainOptions> pretrain_options();
Options<PretrainOptions> stop_options();  // `stop:` of a pretraining
Options<VmcOptions> vmc_options();
Options<EvaluateOptions> evaluate_options();

SamplerOptions read_sampler(const Node& node);

}  // namespace qs

#include "engine/plan/make_stage.h"

#include <utility>

namespace qs {
namespace {

// Exact states of the listed problems: from files, or from `exact`.
TargetSet targets(const ProblemFamily& family, const PretrainPlan& pretrain, const std::vector<int>& problems, ExactStates& exact) {
  TargetSet set{family, {}};
  set.family.problems.clear();
  set.family.varied_values.clear();
  for (const int g : problems) {
    set.family.problems.push_back(family.problems[g]);
    if (!family.varied.empty()) set.family.varied_values.push_back(family.varied_values[g]);
    if (!pretrain.file_states.empty()) {
      set.states.push_back(pretrain.file_states[g]);
    } else {
      set.states.push_back(exact.ground_state(family, g, "the network learns"));
    }
  }
  return set;
}

}  // namespace

std::unique_ptr<Stage> make_stage(const StagePlan& plan, StageContext context, ExactStates& exact) {
  if (const auto* ed = std::get_if<EdStageOptions>(&plan.options)) return std::make_unique<EdStage>(*ed, std::move(context), exact);
  if (const auto* vmc = std::get_if<VmcOptions>(&plan.options)) return std::make_unique<VmcStage>(*vmc, std::move(context));
  if (const auto* evaluate = std::get_if<EvaluateOptions>(&plan.options))
    return std::make_unique<EvaluateStage>(*evaluate, std::move(context), exact);
  const auto& pretrain = std::get<PretrainPlan>(plan.options);
  TargetSet train = targets(plan.family, pretrain, pretrain.train, exact);
  TargetSet hold_out = targets(plan.family, pretrain, pretrain.hold_out, exact);
  return std::make_unique<PretrainStage>(pretrain.options, std::move(context), std::move(train), std::move(hold_out));
}

}  // namespace qs

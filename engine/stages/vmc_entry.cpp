// What the input says of variational Monte Carlo, and what its results say.
#include <nlohmann/json.hpp>

#include "engine/stages/stage_entry.h"
#include "engine/stages/stage_options.h"
#include "engine/stages/vmc_stage.h"

namespace qs {
namespace {

Options<VmcOptions> vmc_options() {
  Options<VmcOptions> options;
  options.integer("steps", &VmcOptions::steps, 0, 1LL << 40, "parameter updates").unit("steps").otherwise_required("300");
  add_training(options);
  add_sampler(options);
  return options;
}

void plan(const Node& node, StagePlanning& run, StagePlan& stage) {
  VmcOptions options = vmc_options().read(node);
  check_sampler(options.sampler, stage.problems());
  options.optimizer.device = run.device;
  options.on_nonfinite = run.on_nonfinite;
  stage.steps = options.steps;
  stage.sampler = options.sampler;
  stage.optimizer = options.optimizer;
  stage.make = [options](const StagePlan&, StageContext context, ExactStates&) { return std::make_unique<VmcStage>(options, std::move(context)); };
}

void summarise(const StagePlan& stage, const DataTree& outputs, nlohmann::json& entry) {
  const std::string steps = "stages/" + stage.group + "/trace/step";
  if (outputs.has(steps)) entry["steps"] = outputs.doubles(steps).size();
}

}  // namespace

StageEntry vmc_entry() {
  return {.name = "vmc",
          .text = "energy minimisation by sampling",
          .keys = vmc_options().list(),
          .plan = plan,
          .summarise = summarise,
          .lattices = Lattices::several};
}

}  // namespace qs

#include "engine/optimize/optimizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/optimize/adamw.h"
#include "engine/optimize/muon.h"
#include "engine/optimize/natural_gradient.h"
#include "kernels/api/error.h"

namespace qs {
namespace {

void require(bool condition, const std::string& message) {
  if (!condition) throw InputError(message);
}

void check_schedule(const std::string& name, const Schedule& schedule, bool may_vanish) {
  require(std::isfinite(schedule.from) && std::isfinite(schedule.to), "optimizer." + name + " must be finite");
  require(schedule.steps >= 0, "optimizer." + name + ".steps must not be negative");
  if (schedule.steps > 0) {
    require(schedule.from > 0 && schedule.to > 0, "optimizer." + name + " moves geometrically, so both ends must be positive");
  }
  require(may_vanish ? schedule.from >= 0 : schedule.from > 0, "optimizer." + name + (may_vanish ? " must not be negative" : " must be positive"));
}

void check_options(const OptimizerOptions& o, std::int64_t parameters) {
  check_schedule("lr", o.lr, false);
  check_schedule("diag_shift", o.diag_shift, true);
  require(o.parameter_blocks >= 1, "optimizer.parameter_blocks must be at least 1");
  require(o.parameter_blocks == 1 || o.kind == OptimizerKind::minsr, "optimizer.parameter_blocks belongs to minsr");
  require(o.parameter_blocks <= parameters,
          fmt::format("optimizer.parameter_blocks: {} blocks of {} parameters would leave some empty; use fewer", o.parameter_blocks, parameters));
  require(o.norm_constraint >= 0, "optimizer.norm_constraint must not be negative (0 = off)");
  require(o.momentum >= 0 && o.momentum <= 1, "optimizer.momentum must lie in [0, 1]");
  if (!is_natural(o.kind)) {
    require(o.kind == OptimizerKind::muon || o.momentum == 0, "optimizer.momentum belongs to sr, minsr and natural; adamw has betas");
    require(o.kind != OptimizerKind::muon || o.momentum < 1, "optimizer.mu must be less than 1");
    require(o.beta1 >= 0 && o.beta1 < 1 && o.beta2 >= 0 && o.beta2 < 1, "optimizer.betas must lie in [0, 1)");
    require(o.epsilon > 0, "optimizer.eps must be positive");
    require(o.weight_decay >= 0, "optimizer.weight_decay must not be negative");
  } else {
    require(o.weight_decay == 0, "optimizer.weight_decay belongs to adamw and muon; sr, minsr and natural have none");
  }
}

}  // namespace

double Schedule::at(std::int64_t step) const {
  if (steps == 0 || step <= 0) return from;
  if (step >= steps) return to;
  return from * std::pow(to / from, static_cast<double>(step) / static_cast<double>(steps));
}

std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, std::int64_t parameters) {
  check_options(options, parameters);
  if (options.kind == OptimizerKind::adamw) return std::make_unique<AdamW>(options, parameters);
  if (options.kind == OptimizerKind::muon) return std::make_unique<Muon>(options, parameters);
  return std::make_unique<NaturalGradient>(options, parameters);
}

}  // namespace qs

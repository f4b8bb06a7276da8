#include "engine/optimize/optimizer.h"

#include <cmath>

#include "engine/optimize/optimizer_entry.h"

namespace qs {

OptimizerEntry adamw_entry();
OptimizerEntry muon_entry();
OptimizerEntry sgd_entry();
OptimizerEntry sr_entry();
OptimizerEntry minsr_entry();
OptimizerEntry natural_entry();

namespace {

std::string print_schedule(const Schedule& schedule) {
  if (schedule.steps == 0) return format_number(schedule.from);
  return "{" + schedule_options().print(schedule) + "}";
}

}  // namespace

double Schedule::at(std::int64_t step) const {
  if (steps == 0 || step <= 0) return from;
  if (step >= steps) return to;
  return from * std::pow(to / from, static_cast<double>(step) / static_cast<double>(steps));
}

Options<Schedule> schedule_options() {
  Options<Schedule> options;
  options.number("from", &Schedule::from, shape::above(0), "value at the first step").otherwise_required("1.0e-2");
  options.number("to", &Schedule::to, shape::above(0), "value after the last step of the schedule").otherwise_required("1.0e-4");
  options.integer("steps", &Schedule::steps, 1, 1LL << 40, "length; the value moves geometrically, then stays")
      .unit("steps")
      .otherwise_required("100");
  return options;
}

void add_rate(Options<OptimizerOptions>& options, const std::string& name, Schedule OptimizerOptions::*member, const std::string& doc) {
  options.add(
      name, shape::either({shape::number(shape::above(0)), shape::section("schedule")}), doc, member,
      [](const Node& node, Schedule& schedule) {
        schedule = node.is_number() ? Schedule{node.number(), node.number(), 0} : schedule_options().read(node);
      },
      print_schedule);
}

Options<OptimizerOptions> common_options(const OptimizerOptions& defaults) {
  Options<OptimizerOptions> options(defaults);
  add_rate(options, "lr", &OptimizerOptions::lr, "learning rate; a number or a schedule {from: , to: , steps: }");
  options
      .word("control", &OptimizerOptions::control, Words<Control>{{"adaptive", Control::adaptive}, {"fixed", Control::fixed}},
            "adaptive: no step longer than a trust region allows, lr is an upper bound and diag_shift where the damping starts; fixed: as the "
            "schedules "
            "say")
      .since("0.2.0");
  return options;
}

void add_adam_options(Options<OptimizerOptions>& options) {
  const auto whole = [](auto& all) -> auto& { return all; };
  options.add(
      "betas", shape::list(shape::number({0, 1, false, true, 0}), 2, 2), "decay of Adam's first and second moment", whole,
      [](const Node& node, OptimizerOptions& target) {
        const std::vector<double> betas = node.numbers();
        target.beta1 = betas.at(0);
        target.beta2 = betas.at(1);
      },
      [](const OptimizerOptions& all) { return "[" + format_number(all.beta1) + ", " + format_number(all.beta2) + "]"; });
  options.number("eps", &OptimizerOptions::epsilon, shape::above(0), "added to the root of the second moment");
  options.number("weight_decay", &OptimizerOptions::weight_decay, shape::at_least(0), "decoupled decay, times the learning rate");
}

std::span<const OptimizerEntry> optimizers() {
  static const std::vector<OptimizerEntry> table = {adamw_entry(), muon_entry(), sgd_entry(), sr_entry(), minsr_entry(), natural_entry()};
  return table;
}

OptimizerOptions read_optimizer(const Node& node) {
  for (const OptimizerEntry& entry : optimizers())
    if (entry.name == node.kind()) return entry.options.read(node);
  throw Error(ExitCode::internal, "optimizer of an unknown kind");
}

std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, std::int64_t parameters) {
  for (const OptimizerEntry& entry : optimizers())
    if (entry.options.defaults().kind == options.kind) return entry.make(options, parameters);
  throw Error(ExitCode::internal, "optimizer of an unknown kind");
}

}  // namespace qs

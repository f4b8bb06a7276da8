#include "engine/stages/step_columns.h"

namespace qs {
namespace {

struct StepColumn {
  const char* name;
  double (*value)(const StepReport&);
};

constexpr StepColumn columns[] = {
    {"lr", [](const StepReport& r) { return r.step_size; }},
    {"diag_shift", [](const StepReport& r) { return r.diag_shift; }},
    {"grad_norm", [](const StepReport& r) { return r.gradient_norm; }},
    {"step_norm", [](const StepReport& r) { return r.direction_norm; }},
    {"solver_rung", [](const StepReport& r) { return static_cast<double>(r.solver_rung); }},
    {"length", [](const StepReport& r) { return r.length; }},
    {"ratio", [](const StepReport& r) { return r.ratio; }},
    {"trials", [](const StepReport& r) { return static_cast<double>(r.trials); }},
};

}  // namespace

std::vector<std::string> step_columns() {
  std::vector<std::string> names;
  for (const StepColumn& column : columns) names.emplace_back(column.name);
  return names;
}

std::vector<double> step_values(const StepReport& report) {
  std::vector<double> values;
  for (const StepColumn& column : columns) values.push_back(column.value(report));
  return values;
}

}  // namespace qs

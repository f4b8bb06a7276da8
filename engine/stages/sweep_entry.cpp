// What the input says of a sweep, and what its results say.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/stages/stage_entry.h"
#include "engine/stages/stage_options.h"
#include "engine/stages/sweep_stage.h"

namespace qs {
namespace {

using nlohmann::json;

// Of the range: above the rounding of a float32 network, below what bends ln psi.
constexpr double shift = 3e-3;

Options<SweepOptions> sweep_options() {
  Options<SweepOptions> options;
  add_sampler(options);
  options
      .number("least_effective", &SweepOptions::least_effective, {0, 1, true, false, 0},
              "share of the samples of another point that must count, (sum w)^2 / (M sum w^2); fresh chains where fewer do")
      .since("0.3.0");
  return options;
}

void check_grid(const ProblemFamily& family) {
  if (family.varied.size() != 1)
    throw InputError(fmt::format("a sweep follows one coupling, but {} vary; write family: {{NAME: [...]}} with its values", family.varied.size()));
  if (family.varied[0] == "particles" || family.varied[0] == "disorder")
    throw InputError(fmt::format("a sweep follows a coupling that changes psi by little from point to point, which {} is not", family.varied[0]));
  if (family.size() < 2) throw InputError("a sweep needs two points or more; write a list of values, in growing order");
  const auto falls = [](const std::vector<double>& a, const std::vector<double>& b) { return !(a[0] < b[0]); };
  if (std::adjacent_find(family.varied_values.begin(), family.varied_values.end(), falls) != family.varied_values.end())
    throw InputError(fmt::format("a sweep goes through growing values of {}; put them in order, each once", family.varied[0]));
}

// Every point with its coupling lowered and raised.
ProblemFamily shifted(SystemOptions system, const ProblemFamily& family, double by) {
  system.varied = family.varied;
  system.rows.clear();
  for (const std::vector<double>& point : family.varied_values) {
    system.rows.push_back({point[0] - by});
    system.rows.push_back({point[0] + by});
  }
  return build_family(system);
}

// The couplings that earlier stages of this run have trained.
void warn_outside(const Node& node, StagePlanning& run, const StagePlan& stage) {
  double low = INFINITY, high = -INFINITY;
  for (const StagePlan& earlier : run.earlier) {
    const auto column = std::find(earlier.family.varied.begin(), earlier.family.varied.end(), stage.family.varied[0]);
    if (!earlier.optimizer || column == earlier.family.varied.end()) continue;
    for (const std::vector<double>& row : earlier.family.varied_values) {
      low = std::min(low, row[column - earlier.family.varied.begin()]);
      high = std::max(high, row[column - earlier.family.varied.begin()]);
    }
  }
  const double first = stage.family.varied_values.front()[0], last = stage.family.varied_values.back()[0];
  if (low <= high && (first < low || last > high))
    run.warn(node, fmt::format("the sweep goes from {0} = {1:g} to {2:g}, but the network is trained from {3:g} to {4:g}: outside "
                               "it extrapolates",
                               stage.family.varied[0], first, last, low, high));
}

void plan(const Node& node, StagePlanning& run, StagePlan& stage) {
  const SweepOptions options = sweep_options().read(node);
  check_grid(stage.family);
  check_sampler(options.sampler, stage.family);
  const double by = shift * (stage.family.varied_values.back()[0] - stage.family.varied_values.front()[0]);
  auto around = std::make_shared<ProblemFamily>(shifted(run.system, stage.family, by));
  around->symmetry = stage.family.symmetry;
  warn_outside(node, run, stage);
  stage.steps = stage.family.size();
  stage.sampler = options.sampler;
  stage.make = [options, around, by](const StagePlan&, StageContext context, ExactStates&) {
    return std::make_unique<SweepStage>(options, std::move(context), *around, by);
  };
}

void summarise(const StagePlan& stage, const DataTree& outputs, json& summary) {
  const std::string group = "stages/" + stage.group + "/";
  if (!outputs.has(group + "energy/mean")) return;
  summary["results"] = json::array();
  for (int g = 0; g < stage.family.size(); ++g) {
    json entry = varied_couplings(stage.family, g);
    entry["energy"] = value_at(outputs, group + "energy/mean", g);
    for (const char* name : {"error", "variance", "vscore", "rhat"}) entry[name] = value_at(outputs, group + "energy/" + name, g);
    for (const char* name : {"effective", "anchor", "susceptibility", "susceptibility_error", "fidelity", "fidelity_error"})
      entry[name] = value_at(outputs, group + "sweep/" + name, g);
    summary["results"].push_back(entry);
  }
}

}  // namespace

StageEntry sweep_entry() {
  return {.name = "sweep",
          .text = "energies and fidelity susceptibility over a fine grid of a coupling, from few sets of samples",
          .keys = sweep_options().list(),
          .plan = plan,
          .summarise = summarise};
}

}  // namespace qs

// What the input says of an extrapolation to zero variance, and what its results say.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/stages/extrapolate_stage.h"
#include "engine/stages/stage_entry.h"
#include "engine/stages/stage_options.h"

namespace qs {
namespace {

using nlohmann::json;

Options<ExtrapolateOptions> extrapolate_options() {
  Options<ExtrapolateOptions> options;
  options
      .texts("points", &ExtrapolateOptions::points, shape::set(shape::text(), 1),
             "earlier stages that have measured energy and variance, by position and kind as in results.h5; [01_evaluate, 03_evaluate]")
      .otherwise_absent("all there are")
      .since("0.2.0");
  add_compare(options, "put exact energies beside the extrapolated ones");
  return options;
}

std::vector<std::string> names_of(const std::vector<StagePlan>& stages) {
  std::vector<std::string> names;
  for (const StagePlan& stage : stages)
    if (!stage.points.empty()) names.push_back(stage.group);
  return names;
}

bool same_problems(const ProblemFamily& a, const ProblemFamily& b) {
  if (a.size() != b.size()) return false;
  for (int g = 0; g < a.size(); ++g)
    if (ExactStates::key(a, g) != ExactStates::key(b, g)) return false;
  return true;
}

// The stage of that name; InputError if its points do not fit.
const StagePlan& source(const std::string& name, const StagePlanning& run, const ProblemFamily& family) {
  const auto found = std::find_if(run.earlier.begin(), run.earlier.end(), [&](const StagePlan& stage) { return stage.group == name; });
  if (found == run.earlier.end() || found->points.empty())
    throw InputError(
        fmt::format("'{}' is no earlier stage that has measured energy and variance; there are: {}", name, fmt::join(names_of(run.earlier), ", ")));
  if (!same_problems(found->family, family))
    throw InputError(fmt::format("{} has other Hamiltonians or sectors than this stage: points must be of one family of states", name));
  return *found;
}

void plan(const Node& node, StagePlanning& run, StagePlan& stage) {
  const ExtrapolateOptions options = extrapolate_options().read(node);
  std::vector<std::string> sources;
  const StagePlan* first = nullptr;
  for (const std::string& name : options.points.empty() ? names_of(run.earlier) : options.points) {
    const StagePlan& from = source(name, run, stage.family);
    if (first == nullptr) first = &from;
    if (first->sampler->kind != from.sampler->kind)
      throw InputError(
          fmt::format("{} and {} are an exact sum and samples: beside points without errors others count for nothing; name those of one "
                      "kind in 'points'",
                      first->group, name));
    for (const std::string& point : from.points) sources.push_back("stages/" + name + "/" + point + "/");
  }
  if (sources.size() < 2)
    throw InputError(
        fmt::format("a line needs two points and there {}; put evaluate or lanczos stages before this one", sources.empty() ? "is none" : "is one"));
  stage.exact_states = options.compare == Compare::ed;
  if (stage.exact_states) check_exact_states(stage.family, 1);
  stage.make = [sources, compare = options.compare](const StagePlan&, StageContext context, ExactStates& exact) {
    return std::make_unique<ExtrapolateStage>(sources, compare, std::move(context), exact);
  };
}

json fit_entry(const DataTree& outputs, const std::string& folder, std::size_t g) {
  json entry = {{"energy", value_at(outputs, folder + "mean", g)}};
  for (const char* name : {"error", "slope", "curvature", "chi_square", "freedom"}) entry[name] = value_at(outputs, folder + name, g);
  return entry;
}

void summarise(const StagePlan& stage, const DataTree& outputs, json& summary) {
  const std::string group = "stages/" + stage.group + "/";
  if (!outputs.has(group + "linear/mean")) return;
  const auto& sources = std::get<std::vector<std::string>>(outputs.at(group + "points/sources").values);
  summary["results"] = json::array();
  for (int g = 0; g < stage.family.size(); ++g) {
    json entry = varied_couplings(stage.family, g);
    entry["linear"] = fit_entry(outputs, group + "linear/", g);
    entry["quadratic"] = fit_entry(outputs, group + "quadratic/", g);
    entry["energy"] = entry["linear"]["energy"];
    if (!entry["energy"].is_null()) entry["energy_per_site"] = entry["energy"].get<double>() / stage.family.lattice.sites();
    entry["error"] = entry["linear"]["error"];
    for (const char* name : {"systematic", "exact", "relative_error"}) entry[name] = value_at(outputs, group + name, g);
    entry["upper_bound"] = false;
    for (std::size_t k = 0; k < sources.size(); ++k) {
      json point = {{"source", sources[k]}, {"energy", value_at(outputs, group + "points/mean", g * sources.size() + k)}};
      for (const char* name : {"variance", "error", "variance_error", "covariance"})
        point[name] = value_at(outputs, group + "points/" + name, g * sources.size() + k);
      entry["points"].push_back(point);
    }
    summary["results"].push_back(entry);
  }
}

}  // namespace

StageEntry extrapolate_entry() {
  return {.name = "extrapolate",
          .text = "energy at zero variance, from the energies and variances of earlier stages",
          .keys = extrapolate_options().list(),
          .plan = plan,
          .summarise = summarise};
}

}  // namespace qs

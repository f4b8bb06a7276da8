// What the input says of a Lanczos step, and what its results say.
#include <fmt/format.h>

#include <algorithm>
#include <complex>
#include <nlohmann/json.hpp>

#include "engine/energy/connected_count.h"
#include "engine/stages/lanczos_stage.h"
#include "engine/stages/stage_entry.h"
#include "engine/stages/stage_options.h"

namespace qs {
namespace {

using nlohmann::json;

Options<LanczosOptions> lanczos_options() {
  Options<LanczosOptions> options;
  add_sampler(options);
  options.integer("steps", &LanczosOptions::steps, 1, 2, "Lanczos steps; two of them need sampler: {kind: exact_sum}").since("0.2.0");
  add_compare(options, "put exact energies beside those before and after the step");
  return options;
}

// log psi that the sums over neighbours of neighbours take: about half as many as there are pairs, for two exchanges commute.
std::string cost(const ProblemFamily& family, const MetropolisOptions& sampler) {
  double neighbours = 0, evaluations = 0;
  for (const Problem& problem : family.problems) {
    const double connected = connected_per_sample(family, problem);
    const double all = static_cast<double>(sampler.samples) * (1 + connected + connected * connected / 2);
    neighbours += connected / family.size();
    evaluations += problem.sector.enumerable() ? std::min(all, static_cast<double>(problem.sector.dimension())) : all;
  }
  return fmt::format(
      "  sums over neighbours of neighbours: about {:.2g} evaluations of log psi ({:.0f} neighbours of each of {} samples; equal "
      "configurations count once)\n",
      evaluations, neighbours, sampler.samples);
}

std::int64_t exact_sum_bytes(const StagePlan& stage, int steps) {
  return (steps + 3) * states_of(stage.family) * static_cast<std::int64_t>(sizeof(std::complex<double>));
}

void plan(const Node& node, StagePlanning& run, StagePlan& stage) {
  LanczosOptions options = lanczos_options().read(node);
  check_sampler(options.sampler, stage.family);
  const bool sampled = options.sampler.kind == SamplerKind::metropolis;
  if (sampled && options.steps > 1)
    run.diagnostics.error(node["steps"].where(),
                          "two Lanczos steps need the fifth moment of H (its noise on samples is larger than what the step gains); write sampler: "
                          "{kind: exact_sum}, or steps: 1");
  if (sampled && options.sampler.metropolis.chains < 2)
    run.diagnostics.error(node["sampler"].where(), "a Lanczos step needs two chains (each half gives alpha for the other); raise sampler.chains");
  stage.exact_states = options.compare == Compare::ed;
  if (stage.exact_states) check_exact_states(stage.family, 1);
  stage.sampler = options.sampler;
  stage.points = {"energy", "step"};
  stage.list_bytes = sampled ? second_order_memory(stage.family.table) : exact_sum_bytes(stage, options.steps);
  if (sampled) stage.facts = cost(stage.family, for_verdicts(options.sampler).metropolis);
  stage.make = [options](const StagePlan&, StageContext context, ExactStates& exact) {
    return std::make_unique<LanczosStage>(options, std::move(context), exact);
  };
}

void summarise(const StagePlan& stage, const DataTree& outputs, json& summary) {
  const std::string before = "stages/" + stage.group + "/energy/", after = "stages/" + stage.group + "/step/";
  if (!outputs.has(after + "mean")) return;
  summary["results"] = json::array();
  for (int g = 0; g < stage.family.size(); ++g) {
    json entry = varied_couplings(stage.family, g);
    entry["energy"] = value_at(outputs, after + "mean", g);
    if (!entry["energy"].is_null()) entry["energy_per_site"] = entry["energy"].get<double>() / stage.family.lattice.sites();
    entry["reliable"] = value_at(outputs, after + "reliable", g) == 1.0;
    for (const char* name :
         {"error", "variance", "variance_error", "vscore", "tau", "rhat", "exact", "relative_error", "alpha", "mu", "x", "zeros", "effective"})
      entry[name] = value_at(outputs, after + name, g);
    entry["before"]["energy"] = value_at(outputs, before + "mean", g);
    for (const char* name : {"error", "variance", "relative_error"}) entry["before"][name] = value_at(outputs, before + name, g);
    summary["results"].push_back(entry);
  }
}

}  // namespace

StageEntry lanczos_entry() {
  return {.name = "lanczos",
          .text = "energy after a Lanczos step: the best psi + alpha H psi",
          .keys = lanczos_options().list(),
          .plan = plan,
          .summarise = summarise};
}

}  // namespace qs

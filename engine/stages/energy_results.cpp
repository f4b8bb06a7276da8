#include "engine/stages/energy_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/stages/quantities.h"
#include "engine/stages/sampling_report.h"

namespace qs {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double alarm_errors = 4;
constexpr double converged_error = 1e-3;     // relative
constexpr double exact_sum_rounding = 1e-9;  // relative; an exact sum has no statistical error

}  // namespace

std::optional<double> EnergyResult::relative_error() const {
  if (!exact || *exact == 0) return std::nullopt;
  return std::abs(energy.mean.real() - *exact) / std::abs(*exact);
}

std::optional<double> EnergyResult::z() const {
  if (!exact || !(energy.error > 0)) return std::nullopt;
  return (energy.mean.real() - *exact) / energy.error;
}

bool EnergyResult::too_low() const {
  if (!exact) return false;
  return energy.mean.real() < *exact - std::max(alarm_errors * energy.error, exact_sum_rounding * std::abs(*exact));
}

std::vector<EnergyResult> energy_results(const StageContext& context, const Measurements& measured) {
  const std::vector<double> acceptance = acceptance_ratios(measured.acceptance);
  std::vector<EnergyResult> results(context.family.size());
  for (int g = 0; g < context.family.size(); ++g) {
    const Problem& problem = context.family.problems[g];
    const Estimate& energy = measured.energy[g].estimate;
    results[g].energy = energy;
    results[g].diagnosis = measured.energy[g].diagnosis;
    results[g].acceptance = acceptance.empty() ? nan : acceptance[g];
    results[g].v_score = v_score(energy.variance, energy.mean.real(), problem.sector.degrees_of_freedom(), problem.infinite_temperature_energy);
  }
  return results;
}

void add_exact(const StageContext& context, ExactStates& exact, std::vector<EnergyResult>& results) {
  for (int g = 0; g < context.family.size(); ++g) results[g].exact = exact.solve(context.family, g).energies[0];
}

void store_quantity(const StageContext& context, const std::string& folder, const std::string& name, std::vector<double> values, DataTree& outputs) {
  store_values(outputs, folder + name, std::move(values), {context.family.size()}, quantity_attributes(name, context.family.hamiltonian.convention));
}

void store_energies(const StageContext& context, const std::string& folder, const std::vector<EnergyResult>& results, DataTree& outputs) {
  const auto put = [&](const std::string& name, auto&& value) {
    std::vector<double> values;
    for (const EnergyResult& result : results) values.push_back(value(result));
    store_quantity(context, folder, name, std::move(values), outputs);
  };
  put("mean", [](const EnergyResult& r) { return r.energy.mean.real(); });
  outputs.datasets.at(folder + "mean").attributes["sector"] = context.family.describe_sectors();
  put("error", [](const EnergyResult& r) { return r.energy.error; });
  put("imaginary", [](const EnergyResult& r) { return r.energy.mean.imag(); });
  put("variance", [](const EnergyResult& r) { return r.energy.variance; });
  put("variance_error", [](const EnergyResult& r) { return r.energy.variance_error; });
  put("covariance", [](const EnergyResult& r) { return r.energy.covariance; });
  put("vscore", [](const EnergyResult& r) { return r.v_score; });
  put("tau", [](const EnergyResult& r) { return r.energy.tau.value_or(nan); });
  put("rhat", [](const EnergyResult& r) { return r.diagnosis.rhat.value_or(nan); });
  put("reliable", [](const EnergyResult& r) { return r.diagnosis.reliable() ? 1.0 : 0.0; });
  put("accept", [](const EnergyResult& r) { return r.acceptance; });
  put("exact", [](const EnergyResult& r) { return r.exact.value_or(nan); });
  put("relative_error", [](const EnergyResult& r) { return r.relative_error().value_or(nan); });
  put("overlap", [](const EnergyResult& r) { return r.overlap.value_or(nan); });
  std::vector<std::int64_t> samples;
  for (const EnergyResult& result : results) samples.push_back(result.energy.samples);
  outputs.set(folder + "samples", with(array(std::move(samples)), {{"units", "1"}, {"long_name", "samples behind the mean"}}));
}

void store_converged(const StageContext& context, const std::vector<EnergyResult>& results, StepOutcome& outcome, DataTree& outputs) {
  double worst = 0;
  for (const EnergyResult& result : results) worst = std::max(worst, result.relative_error().value_or(0));
  const bool converged = worst <= converged_error;
  outputs.set("stages/" + context.group + "/converged",
              with(scalar(std::int64_t{converged ? 1 : 0}), {{"units", "1"}, {"long_name", "1: all energies within 1e-3 of the exact ones"}}));
  if (!converged)
    outcome.warnings.push_back(
        fmt::format("not converged: the largest relative error of the energies is {:.1e}, above {:.0e}; take more steps, or a "
                    "larger network",
                    worst, converged_error));
}

std::string energy_words(const StageContext& context, const EnergyResult& r) {
  const double sites = context.family.lattice.sites();
  std::string words =
      fmt::format("E = {} ({}, total), E/N = {}, V-score {:.2e}", format_judged({r.energy, r.diagnosis}), context.family.hamiltonian.convention,
                  format_with_error(r.energy.mean.real() / sites, r.energy.error / sites), r.v_score);
  if (r.exact) words += fmt::format(", exact {:.9g}, relative error {:.2e}", *r.exact, r.relative_error().value_or(nan));
  if (r.overlap) words += fmt::format(", overlap {:.6f}", *r.overlap);
  if (r.diagnosis.rhat) words += fmt::format(", R-hat {:.3f}", *r.diagnosis.rhat);
  if (!r.diagnosis.reliable()) words += fmt::format(" ({})", r.diagnosis.doubt);
  return words;
}

std::string name_of(const ProblemFamily& family, int problem) {
  const std::string& label = family.problems[problem].label;
  return label.empty() ? family.hamiltonian.name : label;
}

void warn_of_energy(const StageContext& context, const EnergyResult& result, int problem, StepOutcome& outcome) {
  const std::string who = name_of(context.family, problem);
  if (result.too_low())
    outcome.warnings.push_back(
        fmt::format("{}: the energy lies more than {} errors below the exact value; the result is not valid (is the sampler "
                    "frozen, are the samples too few?)",
                    who, alarm_errors));
  if (!result.diagnosis.reliable())
    outcome.warnings.push_back(
        fmt::format("{}: the error of the energy is not reliable: {}; raise sampler.samples or sampler.sweep_size", who, result.diagnosis.doubt));
}

}  // namespace qs

#include "engine/stages/evaluate_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/stages/pretrain_stage.h"
#include "engine/stages/quantities.h"
#include "hamiltonians/registry.h"
#include "kernels/api/error.h"

namespace qs {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double alarm_errors = 4;
constexpr double exact_sum_rounding = 1e-9;  // relative; an exact sum has no statistical error

bool asks_for(const EvaluateOptions& options, const std::string& name) {
  return std::find(options.observables.begin(), options.observables.end(), name) != options.observables.end();
}

template <class F>
std::vector<double> column(const std::vector<EnergyResult>& results, F&& value) {
  std::vector<double> values;
  for (const EnergyResult& result : results) values.push_back(value(result));
  return values;
}

}  // namespace

bool EvaluateOptions::wants_exact() const { return compare == Compare::ed || asks_for(*this, "overlap"); }

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

EvaluateStage::EvaluateStage(EvaluateOptions options, StageContext context, ExactStates& exact)
    : options_(std::move(options)), context_(std::move(context)), exact_(exact) {}

void EvaluateStage::begin(RunState&) { context_.psi->set_features(feature_table(context_.family, context_.features)); }

StepOutcome EvaluateStage::step(RunState& state) {
  context_.psi->set_parameters(state.parameters);
  const auto sampler = make_sampler(options_.sampler, context_.family, context_.comm, context_.key);
  const SampleSet samples = clock_.measure("sample", [&] { return sampler->sample(*context_.psi); });
  std::vector<EnergyResult> results = clock_.measure("local_energy", [&] { return energies(samples, *sampler); });
  if (options_.compare == Compare::ed) {
    clock_.measure("diagonalise", [&] {
      for (int g = 0; g < context_.family.size(); ++g) results[g].exact = exact_.solve(context_.family, g).energies[0];
    });
  }
  if (asks_for(options_, "overlap")) {
    const std::vector<double> values = clock_.measure("overlap", [&] { return overlaps(); });
    for (std::size_t g = 0; g < values.size(); ++g) results[g].overlap = values[g];
  }
  store(results, state.outputs);
  for (const std::string& name : options_.observables) {
    if (name != "energy" && name != "overlap") clock_.measure("observables", [&] { measure_observable(name, samples, state.outputs); });
  }
  StepOutcome outcome;
  outcome.trace_row = {0};
  if (options_.wants_exact()) outcome.notes = degenerate_levels();
  report(results, outcome);
  return outcome;
}

std::vector<EnergyResult> EvaluateStage::energies(const SampleSet& samples, const Sampler& sampler) {
  const auto local = sampled_energies(context_.comm, context_.family, *context_.psi, samples);
  const auto estimates = estimate(context_.comm, samples, local, "local energy");
  const auto acceptance = sampler.acceptance(context_.comm);
  std::vector<EnergyResult> results(context_.family.size());
  for (int g = 0; g < context_.family.size(); ++g) {
    const Problem& problem = context_.family.problems[g];
    results[g].energy = estimates[g];
    results[g].acceptance = acceptance.empty() ? nan : acceptance[g];
    results[g].v_score =
        v_score(estimates[g].variance, estimates[g].mean.real(), problem.sector.degrees_of_freedom(), problem.infinite_temperature_energy);
  }
  return results;
}

// The norm of psi's projection on the exact ground level, (sum_k |<psi|phi_k>|^2)^(1/2) over its states, summed over the whole sector.
std::vector<double> EvaluateStage::overlaps() {
  const SampleSet full = make_exact_sum(context_.family, context_.comm)->sample(*context_.psi);
  const std::vector<std::complex<double>> log_psi = gather_rows(context_.comm, full.log_psi);
  std::vector<double> norms;
  std::size_t begin = 0;
  for (int g = 0; g < context_.family.size(); ++g) {
    const EdResult& exact = exact_.solve(context_.family, g);
    const auto first = log_psi.begin() + static_cast<std::ptrdiff_t>(begin);
    const std::vector<std::complex<double>> rows(first, first + exact.dimension);
    double& norm = norms.emplace_back(0);
    for (int k = 0; k < exact.degeneracy; ++k) {
      const Amplitudes target(exact.states[k].begin(), exact.states[k].end());
      norm = std::hypot(norm, exact_overlaps(rows, {target}).modulus[0]);
    }
    begin += rows.size();
  }
  return norms;
}

std::vector<std::string> EvaluateStage::degenerate_levels() {
  std::vector<std::string> notes;
  for (int g = 0; g < context_.family.size(); ++g) {
    const int states = exact_.solve(context_.family, g).degeneracy;
    const std::string& label = context_.family.problems[g].label;
    if (states > 1)
      notes.push_back(fmt::format("{}: the exact ground level has {} states; overlaps are with the level, exact observables means over it",
                                  label.empty() ? context_.family.hamiltonian.name : label, states));
  }
  return notes;
}

void EvaluateStage::store(const std::vector<EnergyResult>& results, DataTree& outputs) const {
  const std::string group = "stages/" + context_.group + "/energy/";
  const std::int64_t problems = context_.family.size();
  const auto put = [&](const std::string& name, std::vector<double> values) {
    store_values(outputs, group + name, std::move(values), {problems}, quantity_attributes(name, context_.family.hamiltonian.convention));
  };
  put("mean", column(results, [](const EnergyResult& r) { return r.energy.mean.real(); }));
  outputs.datasets.at(group + "mean").attributes["sector"] = context_.family.describe_sectors();
  put("error", column(results, [](const EnergyResult& r) { return r.energy.error; }));
  put("imaginary", column(results, [](const EnergyResult& r) { return r.energy.mean.imag(); }));
  put("variance", column(results, [](const EnergyResult& r) { return r.energy.variance; }));
  put("vscore", column(results, [](const EnergyResult& r) { return r.v_score; }));
  put("tau", column(results, [](const EnergyResult& r) { return r.energy.tau.value_or(nan); }));
  put("rhat", column(results, [](const EnergyResult& r) { return r.energy.rhat.value_or(nan); }));
  put("accept", column(results, [](const EnergyResult& r) { return r.acceptance; }));
  put("exact", column(results, [](const EnergyResult& r) { return r.exact.value_or(nan); }));
  put("relative_error", column(results, [](const EnergyResult& r) { return r.relative_error().value_or(nan); }));
  put("overlap", column(results, [](const EnergyResult& r) { return r.overlap.value_or(nan); }));
  std::vector<std::int64_t> samples;
  for (const EnergyResult& result : results) samples.push_back(result.energy.samples);
  outputs.set(group + "samples", with(array(std::move(samples)), {{"units", "1"}, {"long_name", "samples behind the mean"}}));
  store_couplings(context_.family, context_.group, outputs);
}

void EvaluateStage::measure_observable(const std::string& name, const SampleSet& samples, DataTree& outputs) {
  const ObservableEntry& entry = find_observable(name);
  const std::vector<NamedOperator> operators = entry.build(context_.family.lattice, context_.family.problems[0].sector, context_.sign_rule);
  const std::int64_t problems = context_.family.size(), count = static_cast<std::int64_t>(operators.size());
  std::vector<double> mean(problems * count), error(problems * count), exact(problems * count, nan);
  std::vector<std::string> labels;
  for (std::int64_t k = 0; k < count; ++k) {
    const Operator& op = operators[k].op;
    const TermTable table(op);
    labels.push_back(operators[k].label);
    const auto values = sampled_values(context_.comm, table, static_cast<int>(op.couplings.size()), context_.family, *context_.psi, samples);
    const auto estimates = estimate(context_.comm, samples, values, name + " " + operators[k].label);
    for (std::int64_t g = 0; g < problems; ++g) {
      mean[g * count + k] = estimates[g].mean.real();
      error[g * count + k] = estimates[g].error;
      if (options_.compare == Compare::none) continue;
      const EdResult& level = exact_.solve(context_.family, static_cast<int>(g));
      exact[g * count + k] = ground_level_expectation(table, context_.family.problems[g].sector, level, context_.comm);
    }
  }
  const std::string group = "stages/" + context_.group + "/observables/" + name + "/";
  store_values(outputs, group + "mean", std::move(mean), {problems, count}, {{"units", "1"}, {"long_name", entry.doc}});
  store_values(outputs, group + "error", std::move(error), {problems, count}, {{"units", "1"}, {"long_name", "standard error of the mean"}});
  if (options_.compare == Compare::ed) {
    store_values(outputs, group + "exact", std::move(exact), {problems, count},
                 {{"units", "1"}, {"long_name", "exact value, the mean over the states of the lowest level"}});
  }
  outputs.set(group + "labels", array(std::move(labels)));
}

void EvaluateStage::report(const std::vector<EnergyResult>& results, StepOutcome& outcome) const {
  const Operator& hamiltonian = context_.family.hamiltonian;
  const double sites = context_.family.lattice.sites();
  for (std::size_t g = 0; g < results.size(); ++g) {
    const EnergyResult& r = results[g];
    const std::string& label = context_.family.problems[g].label;
    std::string note = fmt::format("{}E = {} ({}, total), E/N = {}, V-score {:.2e}", label.empty() ? "" : label + ": ",
                                   format_with_error(r.energy.mean.real(), r.energy.error), hamiltonian.convention,
                                   format_with_error(r.energy.mean.real() / sites, r.energy.error / sites), r.v_score);
    if (r.exact) note += fmt::format(", exact {:.9g}, relative error {:.2e}", *r.exact, r.relative_error().value_or(nan));
    if (r.overlap) note += fmt::format(", overlap {:.6f}", *r.overlap);
    if (r.energy.rhat) note += fmt::format(", R-hat {:.3f}", *r.energy.rhat);
    outcome.notes.push_back(note);
    const std::string who = label.empty() ? hamiltonian.name : label;
    if (r.too_low())
      outcome.warnings.push_back(
          fmt::format("{}: the energy lies more than {} errors below the exact value; the result is not valid (is the sampler "
                      "frozen, are the samples too few?)",
                      who, alarm_errors));
    if (r.energy.frozen) outcome.warnings.push_back(who + ": chains are frozen");
    if (r.energy.rhat.value_or(1) > 1.1)
      outcome.warnings.push_back(fmt::format("{}: split R-hat {:.2f} > 1.1: chains disagree", who, *r.energy.rhat));
    if (!r.energy.reliable) outcome.warnings.push_back(who + ": fewer than 50 autocorrelation times per chain: the error is unreliable");
  }
}

}  // namespace qs

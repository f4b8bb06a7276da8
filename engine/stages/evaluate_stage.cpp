#include "engine/stages/evaluate_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "engine/base/error.h"
#include "engine/stages/pretrain_stage.h"
#include "engine/stages/quantities.h"
#include "engine/stages/sampling_report.h"
#include "engine/stages/thermalise.h"
#include "hamiltonians/observable.h"

namespace qs {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double alarm_errors = 4;
constexpr double converged_error = 1e-3;     // relative
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
    : options_(std::move(options)), context_(std::move(context)), exact_(exact) {
  options_.sampler = for_verdicts(options_.sampler);
  const ProblemFamily& family = context_.family;
  const Problem& problem = family.problems[0];
  for (const std::string& name : options_.observables) {
    if (name == "energy" || name == "overlap") continue;
    const auto own = std::find_if(options_.own.begin(), options_.own.end(), [&](const OwnObservable& each) { return each.name == name; });
    observables_.push_back(own != options_.own.end() ? make_observable(*own, family.lattice, problem.sector, problem.named)
                                                     : make_observable(find_observable(name), {family.lattice, problem.sector, context_.sign_rule,
                                                                                               &family.hamiltonian, family.twist}));
  }
}

void EvaluateStage::begin(RunState&) { context_.psi->set_features(feature_table(context_.family, context_.features, context_.start)); }

StepOutcome EvaluateStage::step(RunState& state) {
  context_.psi->set_parameters(state.parameters);
  const auto sampler = make_sampler(options_.sampler, context_.family, context_.comm, context_.key);
  StepOutcome outcome;
  const Thermalisation start =
      clock_.measure("thermalise", [&] { return thermalise(*sampler, options_.sampler, context_.family, context_.comm, *context_.psi); });
  outcome.warnings = start.warnings();
  const Measurements measured = measure(context_, observables_, *sampler, options_.sampler, clock_);
  std::vector<EnergyResult> results = energies(measured);
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
  if (options_.compare == Compare::ed) store_converged(results, outcome, state.outputs);
  for (std::size_t k = 0; k < observables_.size(); ++k) store_observable(observables_[k], measured.observables[k], state.outputs);
  if (options_.sampler.kind == SamplerKind::metropolis) store_sampling(measured, start, "stages/" + context_.group + "/sampling/", state.outputs);
  outcome.trace_row = {0};
  if (options_.wants_exact()) outcome.notes = degenerate_levels();
  report(results, outcome);
  if (options_.sampler.kind == SamplerKind::metropolis) report_sampling(measured, start, context_.family, outcome);
  report_cancellation(context_, *sampler, outcome);
  for (const ObservableValues& observable : measured.observables) report_observable(observable, context_.family, outcome);
  return outcome;
}

std::vector<EnergyResult> EvaluateStage::energies(const Measurements& measured) const {
  const std::vector<double> acceptance = acceptance_ratios(measured.acceptance);
  std::vector<EnergyResult> results(context_.family.size());
  for (int g = 0; g < context_.family.size(); ++g) {
    const Problem& problem = context_.family.problems[g];
    const Estimate& energy = measured.energy[g].estimate;
    results[g].energy = energy;
    results[g].diagnosis = measured.energy[g].diagnosis;
    results[g].acceptance = acceptance.empty() ? nan : acceptance[g];
    results[g].v_score = v_score(energy.variance, energy.mean.real(), problem.sector.degrees_of_freedom(), problem.infinite_temperature_energy);
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
      norm = std::hypot(norm, exact_overlaps(rows, {exact.amplitudes(k)}).modulus[0]);
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
  put("rhat", column(results, [](const EnergyResult& r) { return r.diagnosis.rhat.value_or(nan); }));
  put("reliable", column(results, [](const EnergyResult& r) { return r.diagnosis.reliable() ? 1.0 : 0.0; }));
  put("accept", column(results, [](const EnergyResult& r) { return r.acceptance; }));
  put("exact", column(results, [](const EnergyResult& r) { return r.exact.value_or(nan); }));
  put("relative_error", column(results, [](const EnergyResult& r) { return r.relative_error().value_or(nan); }));
  put("overlap", column(results, [](const EnergyResult& r) { return r.overlap.value_or(nan); }));
  std::vector<std::int64_t> samples;
  for (const EnergyResult& result : results) samples.push_back(result.energy.samples);
  outputs.set(group + "samples", with(array(std::move(samples)), {{"units", "1"}, {"long_name", "samples behind the mean"}}));
  store_couplings(context_.family, context_.group, outputs);
}

std::vector<std::vector<double>> EvaluateStage::exact_values(const Observable& observable) {
  std::vector<std::vector<double>> values;
  for (int g = 0; g < context_.family.size(); ++g) {
    const Problem& problem = context_.family.problems[g];
    const EdResult& level = exact_.solve(context_.family, g);
    std::map<std::string, double> named = problem.named;
    const auto mean = [&](const Operator& op) { return ground_level_expectation(TermTable(op.at(named)), problem.sector, level, context_.comm); };
    std::map<std::string, double> means;
    for (const NamedOperator& each : observable.means) means[each.label] = mean(each.op);
    named.merge(means);
    auto& row = values.emplace_back();
    for (const NamedOperator& each : observable.operators) row.push_back(mean(each.op));
  }
  return values;
}

void EvaluateStage::store_observable(const Observable& observable, const ObservableValues& measured, DataTree& outputs) {
  const std::int64_t problems = context_.family.size(), count = static_cast<std::int64_t>(measured.labels.size());
  const std::string group = "stages/" + context_.group + "/observables/" + observable.name + "/";
  const std::string own_units = observable.unit == ObservableUnit::energy ? context_.family.hamiltonian.convention : "1";
  const auto put = [&](const std::string& name, const std::string& words, const std::string& units, auto&& value) {
    std::vector<double> values(problems * count);
    for (std::int64_t g = 0; g < problems; ++g) {
      for (std::int64_t k = 0; k < count; ++k) values[g * count + k] = value(g, k);
    }
    store_values(outputs, group + name, std::move(values), {problems, count}, {{"units", units}, {"long_name", words}});
  };
  const auto judged = [&](std::int64_t g, std::int64_t k) -> const Judged& { return measured.values[k][g]; };
  put("mean", observable.doc, own_units, [&](auto g, auto k) { return judged(g, k).estimate.mean.real(); });
  put("error", "standard error of the mean", own_units, [&](auto g, auto k) { return judged(g, k).estimate.error; });
  put("tau", "integrated autocorrelation time in samples, 1 for independent samples", "1",
      [&](auto g, auto k) { return judged(g, k).estimate.tau.value_or(nan); });
  put("rhat", "rank-normalised split R-hat", "1", [&](auto g, auto k) { return judged(g, k).diagnosis.rhat.value_or(nan); });
  put("reliable", "1: mean and error have passed all tests of the chains", "1",
      [&](auto g, auto k) { return judged(g, k).diagnosis.reliable() ? 1.0 : 0.0; });
  if (options_.compare == Compare::ed) {
    const std::vector<std::vector<double>> exact = exact_values(observable);
    put("exact", "exact value, the mean over the states of the lowest level", own_units, [&](auto g, auto k) { return exact[g][k]; });
  }
  outputs.set(group + "labels", array(measured.labels));
}

// Beside exact values a run is converged if all energies are that near to them.
void EvaluateStage::store_converged(const std::vector<EnergyResult>& results, StepOutcome& outcome, DataTree& outputs) const {
  double worst = 0;
  for (const EnergyResult& result : results) worst = std::max(worst, result.relative_error().value_or(0));
  const bool converged = worst <= converged_error;
  outputs.set("stages/" + context_.group + "/converged",
              with(scalar(std::int64_t{converged ? 1 : 0}), {{"units", "1"}, {"long_name", "1: all energies within 1e-3 of the exact ones"}}));
  if (!converged)
    outcome.warnings.push_back(
        fmt::format("not converged: the largest relative error of the energies is {:.1e}, above {:.0e}; take more steps, or a "
                    "larger network",
                    worst, converged_error));
}

void EvaluateStage::report(const std::vector<EnergyResult>& results, StepOutcome& outcome) const {
  const Operator& hamiltonian = context_.family.hamiltonian;
  const double sites = context_.family.lattice.sites();
  for (std::size_t g = 0; g < results.size(); ++g) {
    const EnergyResult& r = results[g];
    const std::string& label = context_.family.problems[g].label;
    std::string note =
        fmt::format("{}E = {} ({}, total), E/N = {}, V-score {:.2e}", label.empty() ? "" : label + ": ", format_judged({r.energy, r.diagnosis}),
                    hamiltonian.convention, format_with_error(r.energy.mean.real() / sites, r.energy.error / sites), r.v_score);
    if (r.exact) note += fmt::format(", exact {:.9g}, relative error {:.2e}", *r.exact, r.relative_error().value_or(nan));
    if (r.overlap) note += fmt::format(", overlap {:.6f}", *r.overlap);
    if (r.diagnosis.rhat) note += fmt::format(", R-hat {:.3f}", *r.diagnosis.rhat);
    if (!r.diagnosis.reliable()) note += fmt::format(" ({})", r.diagnosis.doubt);
    outcome.notes.push_back(note);
    const std::string who = label.empty() ? hamiltonian.name : label;
    if (r.too_low())
      outcome.warnings.push_back(
          fmt::format("{}: the energy lies more than {} errors below the exact value; the result is not valid (is the sampler "
                      "frozen, are the samples too few?)",
                      who, alarm_errors));
    if (!r.diagnosis.reliable())
      outcome.warnings.push_back(
          fmt::format("{}: the error of the energy is not reliable: {}; raise sampler.samples or sampler.sweep_size", who, r.diagnosis.doubt));
  }
}

}  // namespace qs

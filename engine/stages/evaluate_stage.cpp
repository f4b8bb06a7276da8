#include "engine/stages/evaluate_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "engine/base/error.h"
#include "engine/stages/pretrain_stage.h"
#include "engine/stages/sampling_report.h"
#include "engine/stages/sector_report.h"
#include "engine/stages/thermalise.h"
#include "hamiltonians/observable.h"

namespace qs {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool asks_for(const EvaluateOptions& options, const std::string& name) {
  return std::find(options.observables.begin(), options.observables.end(), name) != options.observables.end();
}

}  // namespace

bool EvaluateOptions::wants_exact() const { return compare == Compare::ed || asks_for(*this, "overlap"); }

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

void EvaluateStage::begin(RunState&) { show(context_, context_.family); }

StepOutcome EvaluateStage::step(RunState& state) {
  context_.psi->set_parameters(state.parameters);
  const auto sampler = make_sampler(options_.sampler, context_.family, context_.comm, context_.key);
  StepOutcome outcome;
  const Thermalisation start =
      clock_.measure("thermalise", [&] { return thermalise(*sampler, options_.sampler, context_.family, context_.comm, *context_.psi); });
  outcome.warnings = start.warnings();
  Measurements measured = measure(context_, observables_, *sampler, options_.sampler, clock_);
  measure_pairs(state.parameters, measured, outcome);
  std::vector<EnergyResult> results = energy_results(context_, measured);
  if (options_.compare == Compare::ed) clock_.measure("diagonalise", [&] { add_exact(context_, exact_, results); });
  if (asks_for(options_, "overlap")) {
    const std::vector<double> values = clock_.measure("overlap", [&] { return overlaps(); });
    for (std::size_t g = 0; g < values.size(); ++g) results[g].overlap = values[g];
  }
  store_energies(context_, "stages/" + context_.group + "/energy/", results, state.outputs);
  store_couplings(context_.family, context_.group, state.outputs);
  if (options_.compare == Compare::ed) store_converged(context_, results, outcome, state.outputs);
  for (const ObservableValues& observable : measured.observables) store_observable(observable, state.outputs);
  if (options_.sampler.kind == SamplerKind::metropolis) store_sampling(measured, start, "stages/" + context_.group + "/sampling/", state.outputs);
  outcome.trace_row = {0};
  if (options_.wants_exact()) outcome.notes = degenerate_levels();
  report(results, outcome);
  if (options_.sampler.kind == SamplerKind::metropolis) report_sampling(measured, start, context_.family, outcome);
  report_sector(*sampler, outcome, state.outputs);
  for (const ObservableValues& observable : measured.observables) report_observable(observable, context_.family, outcome);
  return outcome;
}

// What takes two samples, of this state or of this one and another, after the others; and the exact values of all.
void EvaluateStage::measure_pairs(const std::vector<double>& parameters, Measurements& measured, StepOutcome& outcome) {
  if (options_.compare == Compare::ed) {
    for (std::size_t k = 0; k < observables_.size(); ++k) measured.observables[k].exact = exact_values(observables_[k]);
  }
  if (options_.renyi2) {
    ObservableValues values = clock_.measure("renyi2", [&] { return measure_renyi2(context_, *options_.renyi2, *measured.samples); });
    if (options_.compare == Compare::ed) values.exact = exact_renyi2(context_.family, *options_.renyi2, exact_);
    measured.observables.push_back(std::move(values));
  }
  if (options_.fidelity) {
    FidelityResult result =
        clock_.measure("fidelity", [&] { return measure_fidelity(context_, *options_.fidelity, options_.sampler, parameters, measured); });
    measured.observables.push_back(std::move(result.values));
    for (std::string& warning : result.warnings) outcome.warnings.push_back(std::move(warning));
  }
  // Chains that did not settle, or did not move, spoil pairs of samples as they spoil the energy.
  for (std::size_t k = observables_.size(); k < measured.observables.size(); ++k) {
    for (auto& of_problems : measured.observables[k].values) {
      for (std::size_t g = 0; g < of_problems.size(); ++g) {
        if (of_problems[g].diagnosis.reliable()) of_problems[g].diagnosis.doubt = measured.energy[g].diagnosis.doubt;
      }
    }
  }
}

// Of a projected psi, in one more reading of the sampler.
void EvaluateStage::report_sector(Sampler& sampler, StepOutcome& outcome, DataTree& outputs) {
  if (!context_.family.symmetry.sector) return;
  const std::vector<SectorReport> reports = examine_sector(context_, options_.sampler, sampler.sample(*context_.psi));
  refuse_rounding(reports, context_, options_.sampler);
  store_sector(reports, context_, outputs);
  for (std::string& note : sector_notes(reports, context_)) outcome.notes.push_back(std::move(note));
  for (std::string& warning : sector_warnings(reports, context_, options_.sampler)) outcome.warnings.push_back(std::move(warning));
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

void EvaluateStage::store_observable(const ObservableValues& measured, DataTree& outputs) const {
  const std::int64_t problems = context_.family.size(), count = static_cast<std::int64_t>(measured.labels.size());
  const std::string group = "stages/" + context_.group + "/observables/" + measured.name + "/";
  const auto put = [&](const std::string& name, const std::string& words, const std::string& units, auto&& value) {
    std::vector<double> values(problems * count);
    for (std::int64_t g = 0; g < problems; ++g) {
      for (std::int64_t k = 0; k < count; ++k) values[g * count + k] = value(g, k);
    }
    store_values(outputs, group + name, std::move(values), {problems, count}, {{"units", units}, {"long_name", words}});
  };
  const auto judged = [&](std::int64_t g, std::int64_t k) -> const Judged& { return measured.values[k][g]; };
  put("mean", measured.doc, measured.units, [&](auto g, auto k) { return judged(g, k).estimate.mean.real(); });
  put("error", "standard error of the mean", measured.units, [&](auto g, auto k) { return judged(g, k).estimate.error; });
  put("tau", "integrated autocorrelation time in samples, 1 for independent samples", "1",
      [&](auto g, auto k) { return judged(g, k).estimate.tau.value_or(nan); });
  put("rhat", "rank-normalised split R-hat", "1", [&](auto g, auto k) { return judged(g, k).diagnosis.rhat.value_or(nan); });
  put("reliable", "1: mean and error have passed all tests of the chains", "1",
      [&](auto g, auto k) { return judged(g, k).diagnosis.reliable() ? 1.0 : 0.0; });
  if (!measured.exact.empty())
    put("exact", "exact value, the mean over the states of the lowest level", measured.units, [&](auto g, auto k) { return measured.exact[g][k]; });
  outputs.set(group + "labels", array(measured.labels));
}

void EvaluateStage::report(const std::vector<EnergyResult>& results, StepOutcome& outcome) const {
  for (std::size_t g = 0; g < results.size(); ++g) {
    const std::string& label = context_.family.problems[g].label;
    outcome.notes.push_back((label.empty() ? "" : label + ": ") + energy_words(context_, results[g]));
    warn_of_energy(context_, results[g], static_cast<int>(g), outcome);
  }
}

}  // namespace qs

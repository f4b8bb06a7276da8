#include "engine/stages/vmc_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "engine/sampling/equal_samples.h"
#include "engine/stages/quantities.h"
#include "engine/stages/sampling_report.h"
#include "engine/stages/thermalise.h"
#include "kernels/api/error.h"

namespace qs {
namespace {

constexpr int rollbacks_allowed = 3;
constexpr double rollback_shift_factor = 10;

double or_nan(const std::optional<double>& value) { return value.value_or(std::numeric_limits<double>::quiet_NaN()); }

}  // namespace

VmcStage::VmcStage(VmcOptions options, StageContext context) : options_(std::move(options)), context_(std::move(context)) {}

// One VMC iteration. The energy that is reported belongs to the parameters *before* the update.
VmcStage::Iteration VmcStage::iterate(RunState& state) {
  Wavefunction& psi = *context_.psi;
  psi.set_parameters(state.parameters);
  std::optional<SampleSet> samples;
  try {
    Thermalisation start;
    if (sampler_->proposals_done() == 0) {
      start = clock_.measure("thermalise", [&] { return thermalise(*sampler_, options_.sampler, context_.family, context_.comm, psi); });
    }
    samples = clock_.measure("sample", [&] { return sampler_->sample(psi); });  // sigma ~ |psi|^2
    Iteration iteration = update(state, *samples);
    for (std::string& warning : start.warnings()) iteration.warnings.push_back(std::move(warning));
    return iteration;
  } catch (const NumericalError& failure) {  // on every rank alike
    const ConfigurationBatch rows = samples ? gather_rows(context_.comm, samples->rows) : sampler_->gather_chains();
    context_.keep_evidence({.reason = failure.what(), .step = state.step, .parameters = state.parameters, .rows = rows});
    throw;
  }
}

VmcStage::Iteration VmcStage::update(RunState& state, const SampleSet& samples) {
  const Wavefunction& psi = *context_.psi;
  Communicator& comm = context_.comm;
  const auto local =
      clock_.measure("local_energy", [&] { return sampled_energies(comm, context_.family, psi, samples); });  // sum_s' H psi(s')/psi(s)
  const auto energy = estimate(comm, samples, local, "local energy");                                         // per problem, over ranks
  remember_good(state);
  const auto residual = centred(samples, local, energy);  // E_loc - <E>
  const auto report = clock_.measure("update", [&] {
    if (!many_are_equal(context_.family, samples)) {
      return optimizer_->update({psi, samples, comm, &clock_}, residual, state.parameters);  // theta -= lr (S + shift)^-1 grad
    }
    const DistinctSamples once = distinct_samples(comm, samples);  // the same step from fewer rows
    return optimizer_->update({psi, once.samples, comm, &clock_}, once.merge(comm, residual), state.parameters);
  });
  const Acceptance acceptance = sampler_->acceptance_counts(comm);
  return {energy, acceptance_ratios(acceptance), report, movement_warnings(acceptance, context_.family, options_.sampler.metropolis.chains)};
}

void VmcStage::begin(RunState& state) {
  context_.psi->set_features(feature_table(context_.family, context_.features));
  sampler_ = make_sampler(options_.sampler, context_.family, context_.comm, context_.key);
  OptimizerOptions scaled = options_.optimizer;
  scaled.diag_shift.from *= state.shift_factor;
  scaled.diag_shift.to *= state.shift_factor;
  optimizer_ = make_optimizer(scaled, context_.psi->layout().total);
  if (state.step > 0 || state.optimizer.updates > 0) optimizer_->restore(state.optimizer);
  if (state.chains.rows() > 0) sampler_->restore(state.chains, state.proposals_done);
}

StepOutcome VmcStage::step(RunState& state) {
  StepOutcome outcome;
  for (;;) {
    try {
      const Iteration iteration = iterate(state);
      failures_in_a_row_ = 0;
      StepOutcome described = describe(state, iteration);
      described.warnings.insert(described.warnings.end(), outcome.warnings.begin(), outcome.warnings.end());
      return described;
    } catch (const NumericalError& failure) {
      ++state.nonfinite_events;
      if (options_.on_nonfinite == OnNonfinite::stop || ++failures_in_a_row_ > rollbacks_allowed || good_.parameters.empty()) throw;
      roll_back(state, failure, outcome);
    }
  }
}

void VmcStage::remember_good(const RunState& state) {
  good_ = {state.parameters, optimizer_->state(), sampler_->gather_chains(), sampler_->proposals_done()};
}

// Back to the last finite state, with a ten times larger diagonal shift from here on. No sample is dropped from any mean.
void VmcStage::roll_back(RunState& state, const NumericalError& failure, StepOutcome& outcome) {
  state.shift_factor *= rollback_shift_factor;
  state.parameters = good_.parameters;
  state.optimizer = good_.optimizer;
  state.chains = good_.chains;
  state.proposals_done = good_.proposals_done;
  begin(state);
  outcome.warnings.push_back(fmt::format("step {}: {}; rolled back to the last finite parameters, diagonal shift x{:g} from now on", state.step,
                                         failure.what(), state.shift_factor));
}

std::vector<std::string> VmcStage::trace_columns() const {
  std::vector<std::string> columns = {"step", "lr", "diag_shift", "grad_norm", "step_norm", "solver_rung"};
  for (int g = 0; g < context_.family.size(); ++g) {
    for (const char* name : {"energy", "error", "variance", "tau", "rhat", "accept"}) columns.push_back(fmt::format("{}_{:02}", name, g));
  }
  return columns;
}

StepOutcome VmcStage::describe(const RunState& state, const Iteration& iteration) const {
  StepOutcome outcome;
  outcome.warnings = iteration.warnings;
  const StepReport& report = iteration.report;
  outcome.trace_row = {static_cast<double>(state.step),        report.step_size, report.diag_shift, report.gradient_norm, report.direction_norm,
                       static_cast<double>(report.solver_rung)};
  double mean = 0, squared_error = 0, variance = 0, rhat = 0, acceptance = 0;
  const int problems = context_.family.size();
  const double sites = context_.family.lattice.sites();
  for (int g = 0; g < problems; ++g) {
    const Estimate& e = iteration.energy[g];
    const double accepted = iteration.acceptance.empty() ? std::numeric_limits<double>::quiet_NaN() : iteration.acceptance[g];
    outcome.trace_row.insert(outcome.trace_row.end(), {e.mean.real(), e.error, e.variance, or_nan(e.tau), or_nan(e.rhat), accepted});
    mean += e.mean.real() / sites / problems;
    squared_error += e.error * e.error / (sites * sites * problems * problems);
    variance += e.variance / problems;
    rhat = std::max(rhat, e.rhat.value_or(0));
    acceptance += accepted / problems;
  }
  outcome.shown = {{"E/N", format_with_error(mean, std::sqrt(squared_error))}, {"var", fmt::format("{:.3g}", variance)}};
  if (!iteration.acceptance.empty()) outcome.shown.emplace_back("acc", fmt::format("{:.2f}", acceptance));
  if (rhat > 0) outcome.shown.emplace_back("R-hat", fmt::format("{:.3f}", rhat));
  if (report.solver_rung > 1)
    outcome.warnings.push_back(
        fmt::format("solver fell back to rung {} (residual {:.1e}, shift {:.1e})", report.solver_rung, report.residual, report.diag_shift));
  return outcome;
}

void VmcStage::save(RunState& state) {
  state.optimizer = optimizer_->state();
  state.chains = sampler_->gather_chains();
  state.proposals_done = sampler_->proposals_done();
}

// The trace in the layout of results.h5: scalars per step, energy/<statistic> as [steps, problems].
void VmcStage::finish(RunState& state) {
  const std::string group = "stages/" + context_.group + "/trace/";
  const auto steps = static_cast<std::int64_t>(state.trace.rows.size());
  const std::int64_t problems = context_.family.size();
  const auto column = [&](std::size_t c) {
    std::vector<double> values;
    for (const auto& row : state.trace.rows) values.push_back(row[c]);
    return values;
  };
  constexpr std::size_t scalars = 6, per_problem = 6;
  for (std::size_t c = 0; c < scalars; ++c)
    store_values(state.outputs, group + state.trace.columns[c], column(c), {steps}, quantity_attributes(state.trace.columns[c]));
  const std::string names[per_problem] = {"mean", "error", "variance", "tau", "rhat", "accept"};
  for (std::size_t s = 0; s < per_problem; ++s) {
    std::vector<double> values;
    for (const auto& row : state.trace.rows) {
      for (std::int64_t g = 0; g < problems; ++g) values.push_back(row[scalars + g * per_problem + s]);
    }
    const std::string path = group + (names[s] == "accept" ? "" : "energy/") + names[s];
    store_values(state.outputs, path, std::move(values), {steps, problems}, quantity_attributes(names[s], context_.family.hamiltonian.convention));
  }
  store_couplings(context_.family, context_.group, state.outputs);
}

}  // namespace qs

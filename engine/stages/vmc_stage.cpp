#include "engine/stages/vmc_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/error.h"
#include "engine/sampling/equal_samples.h"
#include "engine/stages/energy_judge.h"
#include "engine/stages/quantities.h"
#include "engine/stages/sampling_report.h"
#include "engine/stages/sector_report.h"
#include "engine/stages/step_columns.h"
#include "engine/stages/thermalise.h"

namespace qs {
namespace {

constexpr std::size_t rollbacks_allowed = 3;  // within rollback_window steps
constexpr std::int64_t rollback_window = 50;
constexpr std::int64_t steps_between_snapshots = 10;
constexpr std::int64_t patience_with_small_steps = 20;
constexpr double small_rate = 1.0 / 64, large_shift = 1e4;  // relative to the input's
constexpr double still_falling = 1e-3;                      // of the energy, from one window of steps to the next
constexpr double worth_saying = 1e-4;                       // of the energy, above the best of the stage

double or_nan(const std::optional<double>& value) { return value.value_or(std::numeric_limits<double>::quiet_NaN()); }

// One column of the trace for every problem, and its place in results.h5 below stages/<group>/trace.
struct EnergyColumn {
  const char *name, *folder, *quantity;
  double (*value)(const Estimate&, double accepted);
};

constexpr EnergyColumn energy_columns[] = {
    {"energy", "energy/", "mean", [](const Estimate& e, double) { return e.mean.real(); }},
    {"error", "energy/", "error", [](const Estimate& e, double) { return e.error; }},
    {"variance", "energy/", "variance", [](const Estimate& e, double) { return e.variance; }},
    {"tau", "energy/", "tau", [](const Estimate& e, double) { return or_nan(e.tau); }},
    {"rhat", "energy/", "rhat", [](const Estimate& e, double) { return or_nan(e.rhat); }},
    {"accept", "", "accept", [](const Estimate&, double accepted) { return accepted; }},
};

std::string shown(const LossPoint& loss) { return format_with_error(loss.family_mean(), loss.family_error()); }

LossPoint loss_of(const Problems& problems, const std::vector<Estimate>& energy) {
  LossPoint loss;
  for (int g = 0; g < problems.size(); ++g) {
    const double weight = problems.energy_weight(g);
    loss.mean.push_back(weight * energy[g].mean.real());
    loss.error.push_back(std::isfinite(energy[g].error) ? weight * energy[g].error : 0);
  }
  return loss;
}

}  // namespace

VmcStage::VmcStage(VmcOptions options, StageContext context) : options_(std::move(options)), context_(std::move(context)) {}

void VmcStage::keep_evidence(const RunState& state, const NumericalError& failure, const ConfigurationBatch& mine) {
  const ConfigurationBatch rows = gather_rows(context_.comm, mine);
  context_.keep_evidence({.reason = failure.what(), .step = state.step, .parameters = state.parameters, .rows = rows});
}

VmcStage::Measured VmcStage::measure(const RunState& state) {
  Wavefunction& psi = *context_.psi;
  psi.set_parameters(state.parameters);
  std::optional<SampleSet> samples;
  try {
    Thermalisation start;
    if (sampler_->proposals_done() == 0) {
      start = clock_.measure("thermalise", [&] { return thermalise(*sampler_, options_.sampler, context_.problems(), context_.comm, psi); });
    }
    samples = clock_.measure("sample", [&] { return sampler_->sample(psi); });  // sigma ~ |psi|^2
    auto local = clock_.measure("local_energy", [&] {
      return sampled_energies(context_.comm, context_.problems(), psi, *samples);  // sum_s' H psi(s')/psi(s)
    });
    auto energy = estimate(context_.comm, *samples, local, "local energy");  // per problem, over ranks
    const Acceptance acceptance = sampler_->acceptance_counts(context_.comm);
    std::vector<std::string> warnings = movement_warnings(acceptance, context_.problems(), options_.sampler.metropolis.chains);
    for (std::string& warning : start.warnings()) warnings.push_back(std::move(warning));
    return {*std::move(samples), std::move(local), std::move(energy), acceptance_ratios(acceptance), std::move(warnings)};
  } catch (const NumericalError& failure) {  // on every rank alike
    keep_evidence(state, failure, samples ? samples->rows : sampler_->my_chains());
    throw;
  }
}

// More symmetry lowers the energy usually, not always, so that of the parameters that were carried over is said.
StepOutcome VmcStage::describe_start(const Measured& measured) const {
  StepOutcome outcome;
  if (!context_.family.symmetry.sector) return outcome;
  const std::vector<SectorReport> reports = examine_sector(context_, options_.sampler, measured.samples);
  refuse_rounding(reports, context_, options_.sampler);
  outcome.notes = sector_notes(reports, context_);
  outcome.warnings = sector_warnings(reports, context_, options_.sampler);
  for (int g = 0; g < context_.family.size(); ++g) {
    const std::string& label = context_.family.problems[g].label;
    outcome.notes.push_back(fmt::format("{}starts at E = {} ({}, total)", label.empty() ? "" : label + ": ",
                                        format_with_error(measured.energy[g].mean.real(), measured.energy[g].error),
                                        context_.family.hamiltonian.convention));
  }
  return outcome;
}

StepReport VmcStage::update(RunState& state, const Measured& measured) {
  const SampleSet& samples = measured.samples;
  const auto& local = measured.local;
  const auto& energy = measured.energy;
  const Problems problems = context_.problems();
  auto residual = centred(samples, local, energy);  // E_loc - <E>
  for (std::size_t i = 0; i < residual.size(); ++i) residual[i] *= problems.energy_weight(samples.rows.problem[i]);
  const bool adaptive = options_.optimizer.control == Control::adaptive;
  const EnergyStep start{context_.comm, problems, *context_.psi, *sampler_, state.parameters, samples, local, energy};
  const auto judge = adaptive ? make_energy_judge(start) : nullptr;
  const auto step = [&](const SampleSet& rows, const std::vector<std::complex<double>>& residuals) {
    return optimizer_->update({*context_.psi, rows, context_.comm, &clock_, judge.get()}, residuals, state.parameters);
  };
  try {
    return clock_.measure("update", [&] {  // theta -= lr (S + shift)^-1 grad
      if (!many_are_equal(problems, samples)) return step(samples, residual);
      const DistinctSamples once = distinct_samples(context_.comm, samples);  // the same step from fewer rows
      return step(once.samples, once.merge(context_.comm, residual));
    });
  } catch (const NumericalError& failure) {
    keep_evidence(state, failure, samples.rows);
    throw;
  }
}

void VmcStage::begin(RunState& state) {
  show(context_, context_.problems());
  sampler_ = make_sampler(options_.sampler, context_.problems(), context_.comm, context_.key);
  optimizer_ = make_optimizer(options_.optimizer, context_.psi->layout().total);
  const Evidence evidence = options_.sampler.kind == SamplerKind::exact_sum ? Evidence::exact : Evidence::sampled;
  record_.emplace(evidence, options_.steps, context_.problems().size());
  record_->restore(state.buffers);
  if (const auto counts = state.buffers.find("counts"); counts != state.buffers.end()) {
    since_good_ = static_cast<std::int64_t>(counts->second.at(0));
    small_steps_ = static_cast<std::int64_t>(counts->second.at(1));
    stuck_ = counts->second.at(2) != 0;
    for (const double step : state.buffers.at("rollbacks")) rollbacks_.push_back(static_cast<std::int64_t>(step));
  }
  good_ = state.good;
  if (good_.chains.rows() > 0) {
    sampler_->restore(good_.chains, good_.proposals_done);
    good_.chains = sampler_->my_chains();
  }
  if (state.step > 0 || state.optimizer.updates > 0) optimizer_->restore(state.optimizer);
  if (state.chains.rows() > 0) sampler_->restore(state.chains, state.proposals_done);
}

// One VMC measured. The energy that is reported belongs to the parameters *before* the update.
StepOutcome VmcStage::step(RunState& state) {
  std::vector<std::string> warnings;
  for (;;) {
    try {
      const Measured measured = measure(state);
      const LossPoint loss = loss_of(context_.problems(), measured.energy);
      const StepOutcome start = state.step == 0 ? describe_start(measured) : StepOutcome{};
      if (options_.optimizer.control == Control::adaptive && record_->runs_away(loss)) {
        roll_back(state, fmt::format("the energy has risen to {} (mean over the family), far above its lowest window of steps", shown(loss)),
                  warnings);
        continue;
      }
      record_->observe(loss, state.parameters);
      if (since_good_++ % steps_between_snapshots == 0) remember_good(state);
      const StepReport report = update(state, measured);
      StepOutcome outcome = describe(state, measured, report);
      watch_scale(report, warnings);
      outcome.notes.insert(outcome.notes.end(), start.notes.begin(), start.notes.end());
      outcome.warnings.insert(outcome.warnings.end(), start.warnings.begin(), start.warnings.end());
      outcome.warnings.insert(outcome.warnings.end(), warnings.begin(), warnings.end());
      return outcome;
    } catch (const NumericalError& failure) {
      ++state.nonfinite_events;
      if (options_.on_nonfinite == OnNonfinite::stop) give_up(state, failure.what());
      roll_back(state, failure.what(), warnings);
    }
  }
}

void VmcStage::remember_good(const RunState& state) {
  good_ = {state.parameters, optimizer_->state(), sampler_->my_chains(), sampler_->proposals_done()};
}

// Back to the snapshot, with shorter steps from here on. No sample is dropped from any mean.
void VmcStage::roll_back(RunState& state, const std::string& reason, std::vector<std::string>& warnings) {
  rollbacks_.push_back(state.step);
  const auto recent = std::count_if(rollbacks_.begin(), rollbacks_.end(), [&](std::int64_t at) { return at > state.step - rollback_window; });
  if (good_.parameters.empty() || static_cast<std::size_t>(recent) > rollbacks_allowed) give_up(state, reason);
  state.parameters = good_.parameters;
  optimizer_->restore(good_.optimizer);
  optimizer_->soften();
  good_.optimizer = optimizer_->state();  // a second way from here starts with even shorter steps
  sampler_->restore_mine(good_.chains, good_.proposals_done);
  record_->forget_present_window();
  since_good_ = 1;
  warnings.push_back(fmt::format("step {}: {}; went back to earlier parameters, steps are four times shorter from now on", state.step, reason));
}

// The best parameters are the result.
void VmcStage::give_up(RunState& state, const std::string& reason) {
  if (!record_->best_parameters().empty()) state.parameters = record_->best_parameters();
  const std::size_t count = rollbacks_.size();
  throw NumericalError(count == 0
                           ? reason
                           : fmt::format("{} (after {} rollbacks, {} of them within {} steps; the best parameters are kept); lower optimizer.lr "
                                         "or raise optimizer.diag_shift",
                                         reason, count - 1, rollbacks_allowed, rollback_window));
}

void VmcStage::watch_scale(const StepReport& report, std::vector<std::string>& warnings) {
  const bool small = report.scale.rate < small_rate || report.scale.shift > large_shift;
  small_steps_ = small ? small_steps_ + 1 : 0;
  if (small_steps_ == patience_with_small_steps) {
    stuck_ = true;
    warnings.push_back(
        fmt::format("steps have become too small to get anywhere ({:.1e} of optimizer.lr, {:.1e} times optimizer.diag_shift): the "
                    "network may be stuck, or the samples too few",
                    report.scale.rate, report.scale.shift));
  }
}

std::vector<std::string> VmcStage::trace_columns() const {
  std::vector<std::string> columns = {"step"};
  for (const std::string& name : step_columns()) columns.push_back(name);
  for (int g = 0; g < context_.problems().size(); ++g) {
    for (const EnergyColumn& column : energy_columns) columns.push_back(fmt::format("{}_{:02}", column.name, g));
  }
  return columns;
}

StepOutcome VmcStage::describe(const RunState& state, const Measured& measured, const StepReport& report) const {
  StepOutcome outcome;
  outcome.warnings = measured.warnings;
  outcome.trace_row = {static_cast<double>(state.step)};
  for (const double value : step_values(report)) outcome.trace_row.push_back(value);
  double variance = 0, rhat = 0, acceptance = 0;
  const int problems = context_.problems().size();
  const double sites = context_.problems().mean_sites();
  for (int g = 0; g < problems; ++g) {
    const Estimate& e = measured.energy[g];
    const double accepted = measured.acceptance.empty() ? std::numeric_limits<double>::quiet_NaN() : measured.acceptance[g];
    for (const EnergyColumn& column : energy_columns) outcome.trace_row.push_back(column.value(e, accepted));
    variance += e.variance / problems;
    rhat = std::max(rhat, e.rhat.value_or(0));
    acceptance += accepted / problems;
  }
  const LossPoint loss = loss_of(context_.problems(), measured.energy);
  outcome.shown = {{"E/N", format_with_error(loss.family_mean() / sites, loss.family_error() / sites)}, {"var", fmt::format("{:.3g}", variance)}};
  if (!measured.acceptance.empty()) outcome.shown.emplace_back("acc", fmt::format("{:.2f}", acceptance));
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
  state.good = good_;
  if (!good_.parameters.empty()) state.good.chains = gather_rows(context_.comm, good_.chains);
  state.buffers.clear();
  record_->save(state.buffers);
  state.buffers["counts"] = {static_cast<double>(since_good_), static_cast<double>(small_steps_), stuck_ ? 1.0 : 0.0};
  state.buffers["rollbacks"].assign(rollbacks_.begin(), rollbacks_.end());
}

// The last update is checked like all before it, by an energy of its own.
std::vector<std::string> VmcStage::finish(RunState& state) {
  store_trace_of_energies(state);
  if (options_.steps == 0) return {};
  std::vector<std::string> warnings;
  const Loss loss{"energy", context_.family.hamiltonian.convention, still_falling, worth_saying};
  try {
    const Measured measured = measure(state);
    const std::vector<SectorReport> sector = examine_sector(context_, options_.sampler, measured.samples);
    store_sector(sector, context_, state.outputs);
    const LossPoint energy = loss_of(context_.problems(), measured.energy);
    const LastStep last{state.parameters, energy};
    TrainingEnd end = end_training(*record_, options_.keep, loss, last);
    end.converged = end.converged && !stuck_;
    store_training_end(end, *record_, loss, last, context_.group, state.outputs);
    warnings = end.warnings;
    for (std::string& warning : sector_warnings(sector, context_, options_.sampler)) warnings.push_back(std::move(warning));
    state.parameters = end.parameters;
  } catch (const NumericalError& failure) {
    ++state.nonfinite_events;
    give_up(state, failure.what());
  }
  return warnings;
}

// The trace in the layout of results.h5: scalars per step, energy/<statistic> as [steps, problems].
void VmcStage::store_trace_of_energies(RunState& state) const {
  const std::string group = "stages/" + context_.group + "/trace/";
  const auto steps = static_cast<std::int64_t>(state.trace.rows.size());
  const std::int64_t problems = context_.problems().size();
  const std::size_t per_problem = std::size(energy_columns), scalars = state.trace.columns.size() - problems * per_problem;
  for (std::size_t c = 0; c < scalars; ++c) {
    std::vector<double> values;
    for (const auto& row : state.trace.rows) values.push_back(row[c]);
    store_values(state.outputs, group + state.trace.columns[c], std::move(values), {steps}, quantity_attributes(state.trace.columns[c]));
  }
  for (std::size_t s = 0; s < per_problem; ++s) {
    std::vector<double> values;
    for (const auto& row : state.trace.rows) {
      for (std::int64_t g = 0; g < problems; ++g) values.push_back(row[scalars + g * per_problem + s]);
    }
    const EnergyColumn& column = energy_columns[s];
    store_values(state.outputs, group + column.folder + column.quantity, std::move(values), {steps, problems},
                 quantity_attributes(column.quantity, context_.family.hamiltonian.convention));
  }
  store_couplings(context_.problems(), context_.group, state.outputs);
}

}  // namespace qs

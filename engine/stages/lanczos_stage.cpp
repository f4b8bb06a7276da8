#include "engine/stages/lanczos_stage.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <span>

#include "engine/energy/krylov_space.h"
#include "engine/energy/lanczos_step.h"
#include "engine/sampling/equal_samples.h"
#include "engine/stages/sampling_report.h"
#include "engine/stages/thermalise.h"

namespace qs {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double rounding_share = 1e-9;  // of the weight: zeros of a projected psi, where H psi is zero but for rounding, have less
constexpr std::int64_t farther = 4;      // times the sweeps between samples of the pilot
constexpr double few_samples = 0.1;      // effective ones

using Complex = std::complex<double>;

// Of all ranks, in global order. Equal samples share one evaluation. Collective.
SecondOrder gathered_second_order(const StageContext& context, std::span<const EnergyScale> scales, const SampleSet& samples) {
  Communicator& comm = context.comm;
  SecondOrder mine;
  const auto evaluate = [&](const SampleSet& rows) { on_all(comm, [&] { mine = second_order(context.family, scales, *context.psi, rows); }); };
  if (many_are_equal(context.family, samples)) {
    const DistinctSamples once = distinct_samples(comm, samples);
    evaluate(once.samples);
    mine.first = once.spread(comm, mine.first);
    mine.second = once.spread(comm, mine.second);
    mine.onto_zeros = once.spread(comm, mine.onto_zeros);
  } else {
    evaluate(samples);
  }
  estimate(comm, samples, mine.second, "local value of H^2");  // refuses what is not finite, and says where
  return {gather_rows(comm, mine.first), gather_rows(comm, mine.second), gather_rows(comm, mine.onto_zeros), comm.sum(mine.evaluations)};
}

SecondOrder rows_of(const SecondOrder& all, std::size_t begin, std::size_t end) {
  const auto part = [&](const auto& values) { return std::remove_cvref_t<decltype(values)>(values.begin() + begin, values.begin() + end); };
  return {.first = part(all.first), .second = part(all.second), .onto_zeros = part(all.onto_zeros)};
}

// Puts the variance after the step in the place of that of the values behind E*.
void set_variance(const SampledStep& step, double scale, std::span<const Complex> energies, std::span<const double> weight, Estimate& estimate) {
  std::vector<double> residuals;
  for (std::size_t i = 0; i < weight.size(); ++i)
    residuals.push_back(static_cast<double>(weight.size()) * weight[i] * scale * scale * step.variance_residuals[i]);
  const VarianceErrors errors = variance_errors(deviations(energies, weight, estimate.mean), residuals, estimate.error);
  estimate.variance = scale * scale * step.variance;
  estimate.variance_error = errors.error;
  estimate.covariance = errors.covariance;
}

std::string variance_words(const EnergyResult& result) {
  return fmt::format(", Var = {}", format_with_error(result.energy.variance, result.energy.variance_error));
}

}  // namespace

LanczosStage::LanczosStage(LanczosOptions options, StageContext context, ExactStates& exact)
    : options_(std::move(options)), context_(std::move(context)), exact_(exact) {
  options_.sampler = for_verdicts(options_.sampler);
}

void LanczosStage::begin(RunState&) { show(context_, context_.family); }

StepOutcome LanczosStage::step(RunState& state) {
  context_.psi->set_parameters(state.parameters);
  const bool sampled = options_.sampler.kind == SamplerKind::metropolis;
  const auto sampler = make_sampler(options_.sampler, context_.family, context_.comm, context_.key);
  StepOutcome outcome;
  outcome.trace_row = {0};
  const Thermalisation start =
      clock_.measure("thermalise", [&] { return thermalise(*sampler, options_.sampler, context_.family, context_.comm, *context_.psi); });
  outcome.warnings = start.warnings();
  const Measurements pilot = measure(context_, {}, *sampler, options_.sampler, clock_);
  std::vector<EnergyResult> before = energy_results(context_, pilot);
  std::vector<StepResult> after = sampled ? by_samples(*sampler, pilot) : by_exact_sum(*sampler, before);
  if (options_.compare == Compare::ed) clock_.measure("diagonalise", [&] { add_exact(context_, exact_, before); });
  for (std::size_t g = 0; g < after.size(); ++g) {
    after[g].energy.exact = before[g].exact;
    complete(before[g], static_cast<int>(g));
    complete(after[g].energy, static_cast<int>(g));
  }
  store(before, after, state.outputs);
  report(before, after, outcome);
  if (options_.compare == Compare::ed) {
    std::vector<EnergyResult> energies;
    for (const StepResult& each : after) energies.push_back(each.energy);
    store_converged(context_, energies, outcome, state.outputs);
  }
  if (sampled) {
    store_sampling(pilot, start, "stages/" + context_.group + "/sampling/", state.outputs);
    report_sampling(pilot, start, context_.family, outcome);
  }
  return outcome;
}

// The pilot gives mean and variance of the energy, and says how far apart its samples must be. Those of the step are drawn after it, half of its
// length later, so that the two are independent; and farther apart, because one of them costs more than the sweeps before it, and the energy after
// the step forgets more slowly than that before.
std::vector<StepResult> LanczosStage::by_samples(Sampler& sampler, const Measurements& pilot) {
  const Reading reading{.discard = pilot.samples_per_chain * pilot.sweeps_between / 2,
                        .samples_per_chain = pilot.samples_per_chain,
                        .stride = farther * pilot.sweeps_between};
  const SampleSet samples = clock_.measure("sample", [&] { return sampler.read(*context_.psi, reading); });
  const Acceptance acceptance = sampler.acceptance_counts(context_.comm);
  std::vector<EnergyScale> scales;
  for (const Judged& energy : pilot.energy) scales.push_back(energy_scale(energy.estimate.mean.real(), energy.estimate.variance));
  const SecondOrder values = clock_.measure("second_order", [&] { return gathered_second_order(context_, scales, samples); });
  const std::vector<double> weight = gather_rows(context_.comm, samples.weight);

  const std::size_t rows = weight.size() / context_.family.size();
  const auto weight_of = [&](std::size_t g) { return std::span(weight).subspan(g * rows, rows); };
  std::vector<SampledStep> steps;
  std::vector<Complex> energies;
  for (std::size_t g = 0; g < scales.size(); ++g) {
    steps.push_back(sampled_step(rows_of(values, g * rows, (g + 1) * rows), weight_of(g), pilot.chains));
    for (const Complex energy : steps.back().energies) energies.push_back(scales[g].energy + scales[g].scale * energy);
  }
  const std::int64_t before_mine = first_row(context_.comm, samples);
  const std::vector<Complex> mine(energies.begin() + before_mine, energies.begin() + before_mine + samples.rows.rows());
  std::vector<Judged> judged = judge(context_.comm, samples, mine, "energy after the Lanczos step", context_.family.size());

  std::vector<StepResult> results;
  for (std::size_t g = 0; g < scales.size(); ++g) {
    const SampledStep& step = steps[g];
    set_variance(step, scales[g].scale, std::span(energies).subspan(g * rows, rows), weight_of(g), judged[g].estimate);
    if (judged[g].diagnosis.reliable()) judged[g].diagnosis.doubt = movement_doubt(acceptance, static_cast<int>(g), pilot.chains);
    StepResult& result = results.emplace_back();
    result.energy.energy = judged[g].estimate;
    result.energy.diagnosis = judged[g].diagnosis;
    result.energy.acceptance = acceptance_ratios(acceptance)[g];
    result.mu = step.step.mu;
    result.x = step.step.x;
    result.alpha = step.step.alpha(scales[g]);
    result.zeros = step.zeros;
    result.effective = step.effective;
  }
  return results;
}

// The variance before is that of the whole basis, zeros of psi included; local energies do not see those.
std::vector<StepResult> LanczosStage::by_exact_sum(Sampler& sampler, std::vector<EnergyResult>& before) {
  const SampleSet samples = clock_.measure("sample", [&] { return sampler.sample(*context_.psi); });
  const std::vector<KrylovSpace> spaces =
      clock_.measure("krylov", [&] { return krylov_spaces(context_.comm, context_.family, samples, options_.steps); });
  std::vector<StepResult> results;
  for (int g = 0; g < context_.family.size(); ++g) {
    const KrylovSpace& space = spaces[g];
    const KrylovSpace::State state = space.lowest(options_.steps);
    before[g].energy.variance = space.coupling[0] * space.coupling[0];
    StepResult& result = results.emplace_back();
    result.energy.energy.mean = state.energy;
    result.energy.energy.variance = state.variance;
    result.energy.energy.samples = context_.family.problems[g].sector.dimension();
    result.energy.acceptance = nan;
    result.mu = space.skewness();
    result.zeros = state.zeros;
    if (options_.steps > 1) continue;
    const double s = space.coupling[0];
    result.x = s > 0 ? state.coefficients[1] / state.coefficients[0] : 0;
    result.alpha = s > 0 ? LanczosStep{.linear = result.x}.alpha({space.diagonal[0], s}) : 0;
  }
  return results;
}

void LanczosStage::complete(EnergyResult& result, int problem) const {
  const Problem& of = context_.family.problems[problem];
  result.v_score = v_score(result.energy.variance, result.energy.mean.real(), of.sector.degrees_of_freedom(), of.infinite_temperature_energy);
}

void LanczosStage::store(const std::vector<EnergyResult>& before, const std::vector<StepResult>& after, DataTree& outputs) const {
  const std::string group = "stages/" + context_.group + "/";
  std::vector<EnergyResult> energies;
  for (const StepResult& each : after) energies.push_back(each.energy);
  store_energies(context_, group + "energy/", before, outputs);
  store_energies(context_, group + "step/", energies, outputs);
  const auto put = [&](const std::string& name, double StepResult::*member) {
    std::vector<double> values;
    for (const StepResult& each : after) values.push_back(each.*member);
    store_quantity(context_, group + "step/", name, std::move(values), outputs);
  };
  put("mu", &StepResult::mu);
  put("x", &StepResult::x);
  put("alpha", &StepResult::alpha);
  put("zeros", &StepResult::zeros);
  put("effective", &StepResult::effective);
  store_couplings(context_.family, context_.group, outputs);
}

void LanczosStage::report(const std::vector<EnergyResult>& before, const std::vector<StepResult>& after, StepOutcome& outcome) const {
  const bool sampled = options_.sampler.kind == SamplerKind::metropolis;
  for (std::size_t g = 0; g < after.size(); ++g) {
    const StepResult& step = after[g];
    const std::string& label = context_.family.problems[g].label;
    const std::string prefix = label.empty() ? "" : label + ": ", who = name_of(context_.family, static_cast<int>(g));
    outcome.notes.push_back(prefix + "before: " + energy_words(context_, before[g]) + variance_words(before[g]));
    outcome.notes.push_back(prefix + (options_.steps == 1 ? "after one step: " : "after two steps: ") + energy_words(context_, step.energy) +
                            variance_words(step.energy));
    std::string facts = fmt::format("mu = {:.6g}", step.mu);
    if (options_.steps == 1) facts = fmt::format("alpha = {:.6g}, {}, x = {:.6g}", step.alpha, facts, step.x);
    if (sampled) facts += fmt::format(", effective samples {:.0f} %", 100 * step.effective);
    outcome.notes.push_back(prefix + facts + fmt::format(", weight where psi is zero {:.2g}", step.zeros));
    warn_of_energy(context_, before[g], static_cast<int>(g), outcome);
    warn_of_energy(context_, step.energy, static_cast<int>(g), outcome);
    if (sampled && step.zeros > rounding_share)
      outcome.warnings.push_back(
          fmt::format("{}: {:.2g} of the weight after the step lies where psi is zero, and samples of |psi|^2 never come there: its energy is not "
                      "variational, and both variances are too small; take sampler: {{kind: exact_sum}} where the sector allows",
                      who, step.zeros));
    if (sampled && step.effective < few_samples)
      outcome.warnings.push_back(
          fmt::format("{}: only {:.1g} of the samples count after the step; train on before it, or raise sampler.samples", who, step.effective));
  }
}

}  // namespace qs

#include "engine/optimize/natural_gradient.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/base/error.h"
#include "engine/optimize/optimizer_entry.h"
#include "engine/optimize/parameter_scales.h"
#include "engine/optimize/state.h"

namespace qs {
namespace {

constexpr double smallest_shift = 1e-8, largest_shift = 1e8;

// A point on the line of the direction.
struct TriedStep {
  double step = 0, predicted = 0;
  Achieved achieved;
};

// Half as long until the loss falls, or rises less than is allowed: a direction is worth a few shorter steps before it is worth a new solution with
// more damping, because much of what the model misses is how psi bends with its parameters, and that falls with the square of the step.
template <class Evaluate>
TriedStep search_line(double first, double allowed_rise, const Evaluate& evaluate) {
  constexpr int halvings = 4;
  TriedStep tried = evaluate(first);
  for (int k = 0; k < halvings && !(tried.achieved.decrease > -allowed_rise) && tried.predicted > 0; ++k) tried = evaluate(tried.step / 2);
  return tried;
}

std::vector<double> moved(const std::vector<double>& parameters, double step, std::span<const double> direction) {
  std::vector<double> to = parameters;
  for (std::size_t k = 0; k < to.size(); ++k) to[k] -= step * direction[k];
  return to;
}

}  // namespace

// A step that was tried.
struct NaturalGradient::Attempt {
  std::vector<double> direction, parameters;
  StepReport report;
  Judgement judgement;
};

NaturalGradient::NaturalGradient(OptimizerOptions options, std::int64_t parameters) : options_(std::move(options)), parameters_(parameters) {
  state_.buffers["scale"] = StepScale{}.stored();
  state_.buffers["losses"] = RecentLosses().stored();
  if (options_.momentum != 0) state_.buffers["momentum"].resize(parameters);
  if (options_.damping == Damping::scaled) state_.buffers["variance"].resize(parameters);
}

StepReport NaturalGradient::update(const Tangent& tangent, std::span<const std::complex<double>> residual, std::vector<double>& parameters) {
  QS_ASSERT(static_cast<std::int64_t>(parameters.size()) == parameters_ && tangent.psi.layout().total == parameters_);
  std::vector<double> momentum;
  if (options_.momentum != 0) {
    momentum = state_.buffers.at("momentum");
    for (double& value : momentum) value *= options_.momentum;
  }
  const bool scaled = options_.damping == Damping::scaled;
  // The variance is that of earlier steps: with parameter_blocks that of this one is known only when the matrix is formed.
  std::vector<double> scales;
  if (scaled) scales = damping_scales(state_.buffers.at("variance"));
  const auto system = make_natural_system(options_, tangent, residual, std::move(momentum), std::move(scales));
  const StepReport report = options_.control == Control::fixed ? take(*system, parameters) : adapt(tangent, *system, parameters);
  if (scaled) average_in(system->squares(), state_.buffers.at("variance"));
  ++state_.updates;
  return report;
}

StepReport NaturalGradient::describe(const NaturalDirection& found) const {
  StepReport report;
  report.gradient_norm = euclidean_norm(found.gradient);
  report.direction_norm = euclidean_norm(found.direction);
  report.diag_shift = found.solution.shift;
  report.solver_rung = found.solution.rung;
  report.smallest_pivot = found.solution.smallest_pivot;
  report.residual = found.solution.residual;
  return report;
}

StepReport NaturalGradient::take(NaturalSystem& system, std::vector<double>& parameters) {
  NaturalDirection found = system.solve(options_.diag_shift.at(state_.updates) * scale().shift, 1);
  require_finite(found.direction, "direction");
  StepReport report = describe(found);
  report.step_size = constrained_step(options_.lr.at(state_.updates) * scale().rate, options_.norm_constraint, report.direction_norm);
  report.scale = scale();
  parameters = moved(parameters, report.step_size, found.direction);
  if (options_.momentum != 0) state_.buffers.at("momentum") = std::move(found.direction);
  return report;
}

NaturalGradient::Attempt NaturalGradient::attempt(const Tangent& tangent, NaturalSystem& system, const StepScale& scale, double share,
                                                  const std::vector<double>& parameters) const {
  StepJudge& judge = *tangent.judge;
  NaturalDirection found = system.solve(std::max(options_.diag_shift.from, smallest_shift) * scale.shift, share);
  require_finite(found.direction, "direction");
  Attempt attempt{.direction = {}, .parameters = {}, .report = describe(found), .judgement = {}};
  const std::vector<double> image = system.image(found);
  const double length = euclidean_norm(image);
  double limit = constrained_step(options_.lr.at(state_.updates) * scale.rate, options_.norm_constraint, attempt.report.direction_norm);
  if (length > 0) limit = std::min(limit, trust_limits(judge.evidence()).length / length);
  const Bounds bounds{judge.tolerance(), RecentLosses(state_.buffers.at("losses")).allowed_rise()};
  timed(tangent.clock, "judge", [&] {
    const std::optional<TangentModel> model = judge.model(image);
    const double slope = dot(found.gradient, found.direction);
    const auto evaluate = [&](double step) {
      return TriedStep{step, model ? model->decrease(step) : step * slope, judge.achieved(moved(parameters, step, found.direction))};
    };
    const double first = model ? std::min(limit, share_of_minimum * model->minimum(limit / share_of_minimum)) : limit;
    // One evaluation decides where every one costs local energies; where the loss is summed, a few of them cost nothing beside the system.
    const TriedStep tried = judge.evidence() == Evidence::exact ? search_line(first, bounds.rise, evaluate) : evaluate(first);
    attempt.judgement = judge_step(judge.evidence(), tried.predicted, tried.achieved, bounds);
    if (tried.step < first && is_taken(attempt.judgement.verdict)) attempt.judgement.verdict = Verdict::poor;  // it was damped too little
    attempt.parameters = moved(parameters, tried.step, found.direction);
    attempt.report.step_size = tried.step;
    attempt.report.length = tried.step * length;
  });
  attempt.direction = std::move(found.direction);
  attempt.report.ratio = attempt.judgement.ratio;
  return attempt;
}

// A step that raises the loss too far is undone and tried again with more damping. With samples the rate falls too: noise that the shift does not
// cure. The shift never falls below the last of the input's: good verdicts in a row say that the present steps are short, not that less damping would
// lead to a gentler network, and on drawn rows or samples they test the model, not the noise.
StepReport NaturalGradient::adapt(const Tangent& tangent, NaturalSystem& system, std::vector<double>& parameters) {
  QS_ASSERT(tangent.judge != nullptr);
  const Evidence evidence = tangent.judge->evidence();
  const double start = std::max(options_.diag_shift.from, smallest_shift);
  const double lowest = std::max(options_.diag_shift.last(), system.least_shift()) / start;
  if (evidence == Evidence::exact) {
    RecentLosses recent(state_.buffers.at("losses"));
    recent.add(tangent.judge->loss());
    state_.buffers.at("losses") = recent.stored();
  }
  StepScale scale = this->scale();
  StepReport report;
  double share = 1;
  for (int trial = 1; trial <= trust_limits(evidence).trials; ++trial) {
    scale.shift = std::clamp(scale.shift, lowest, std::max(lowest, largest_shift / start));
    Verdict verdict = Verdict::harmful;
    try {
      Attempt tried = attempt(tangent, system, scale, share, parameters);
      verdict = tried.judgement.verdict;
      report = tried.report;
      if (is_taken(verdict)) {
        parameters = std::move(tried.parameters);
        if (options_.momentum != 0) state_.buffers.at("momentum") = std::move(tried.direction);
      }
    } catch (const NumericalError&) {  // no rung solved, on every rank alike: more damping may
    }
    scale.shift *= shift_factor(verdict);
    report.trials = trial;
    if (is_taken(verdict)) {
      scale.rate = std::min(1.0, 1.1 * scale.rate);
      report.scale = scale;
      state_.buffers.at("scale") = scale.stored();
      return report;
    }
    if (evidence == Evidence::sampled && trial > 1) scale.rate /= 2;
    share /= 2;
  }
  scale.rate /= 2;
  forget_momentum();
  state_.buffers.at("scale") = scale.stored();
  report.step_size = report.length = 0;
  report.scale = scale;
  return report;
}

void NaturalGradient::forget_momentum() {
  const auto momentum = state_.buffers.find("momentum");
  if (momentum != state_.buffers.end()) std::fill(momentum->second.begin(), momentum->second.end(), 0.0);
}

void NaturalGradient::restore(OptimizerState state) {
  check_state(state, state_);
  state_ = std::move(state);
}

void NaturalGradient::soften() {
  state_.buffers.at("scale") = softened(scale()).stored();
  state_.buffers.at("losses") = RecentLosses().stored();
  forget_momentum();
}

namespace {

std::unique_ptr<Optimizer> make_natural(const OptimizerOptions& options, std::int64_t parameters) {
  if (options.parameter_blocks > parameters)
    throw InputError("optimizer.parameter_blocks: " + std::to_string(options.parameter_blocks) + " blocks of " + std::to_string(parameters) +
                     " parameters would leave some empty; use fewer");
  return std::make_unique<NaturalGradient>(options, parameters);
}

OptimizerEntry entry_of(OptimizerKind kind, std::string name, std::string text) {
  using O = OptimizerOptions;
  Options<O> options = common_options({.kind = kind});
  add_rate(options, "diag_shift", &O::diag_shift, "added to the diagonal of S; a number or a schedule");
  options
      .word("damping", &O::damping, Words<Damping>{{"uniform", Damping::uniform}, {"scaled", Damping::scaled}},
            "uniform: the shift damps all parameters alike; scaled: each in proportion to the root of its share in the trace of S")
      .since("0.2.0");
  options.number("momentum", &O::momentum, {0, 1, false, true, 0},
                 "SPRING momentum: keep this share of the last direction where the samples say nothing");
  if (kind == OptimizerKind::minsr)
    options.integer("parameter_blocks", &O::parameter_blocks, 1, 4096,
                    "form the derivatives in this many passes, each for a part of the parameters: less memory");
  options.number("norm_constraint", &O::norm_constraint, shape::above(0), "upper bound of the squared norm of a step").otherwise_absent("off");
  return {std::move(name), std::move(text), std::move(options), make_natural};
}

}  // namespace

OptimizerEntry sr_entry() { return entry_of(OptimizerKind::sr, "sr", "stochastic reconfiguration in parameter space"); }
OptimizerEntry minsr_entry() { return entry_of(OptimizerKind::minsr, "minsr", "stochastic reconfiguration in sample space"); }
OptimizerEntry natural_entry() { return entry_of(OptimizerKind::natural, "natural", "sr or minsr, whichever system is smaller"); }

}  // namespace qs

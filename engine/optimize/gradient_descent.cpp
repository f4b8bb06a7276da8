#include "engine/optimize/gradient_descent.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/base/error.h"
#include "engine/optimize/gradient.h"
#include "engine/optimize/state.h"
#include "engine/optimize/tangent_rows.h"

namespace qs {
namespace {

// theta - rate (d + decay theta): the decay is no part of what moments rescale (decoupled).
std::vector<double> moved(const std::vector<double>& parameters, double rate, double decay, std::span<const double> direction) {
  std::vector<double> to = parameters;
  for (std::size_t k = 0; k < to.size(); ++k) to[k] -= rate * (direction[k] + decay * parameters[k]);
  return to;
}

constexpr double longest = 0.1;   // step, as in trust_limits for samples: first-order steps know no curvature
constexpr int attempts = 8;       // to shorten one step
constexpr int losses_kept = 6;    // changes of the last five steps
constexpr int rises_allowed = 2;  // among them

// Single rises are normal for these methods; mostly rising losses are not.
bool rises(const std::vector<double>& losses, double tolerance) {
  int count = 0;
  for (std::size_t k = 1; k < losses.size(); ++k) count += losses[k] > losses[k - 1] + tolerance ? 1 : 0;
  return count > rises_allowed;
}

}  // namespace

GradientDescent::GradientDescent(OptimizerOptions options, std::int64_t parameters, const std::vector<std::string>& buffers)
    : options_(std::move(options)) {
  for (const std::string& name : buffers) state_.buffers[name].resize(parameters);
  state_.buffers["scale"] = StepScale{}.stored();
  state_.buffers["losses"].assign(losses_kept, std::numeric_limits<double>::infinity());
}

StepReport GradientDescent::update(const Tangent& tangent, std::span<const std::complex<double>> residual, std::vector<double>& parameters) {
  check_residual(tangent, residual);
  const std::vector<double> gradient = timed(tangent.clock, "derivatives", [&] { return loss_gradient(tangent, residual); });
  require_finite(gradient, "gradient");

  OptimizerState next = state_;
  ++next.updates;
  const std::vector<double> step = direction(tangent, gradient, next);
  require_finite(step, "direction");
  StepReport report{.gradient_norm = euclidean_norm(gradient),
                    .direction_norm = euclidean_norm(step),
                    .step_size = options_.lr.at(state_.updates) * StepScale::from(next.buffers.at("scale")).rate};
  if (options_.control == Control::adaptive) timed(tangent.clock, "judge", [&] { shorten(tangent, step, parameters, next, report); });
  report.scale = StepScale::from(next.buffers.at("scale"));
  parameters = moved(parameters, report.step_size, options_.weight_decay, step);
  state_ = std::move(next);
  return report;
}

// The length is proportional to the step only near 0, hence the repetition; a step that stays too long, or leads to a state that is not finite, is
// not taken.
void GradientDescent::shorten(const Tangent& tangent, std::span<const double> direction, const std::vector<double>& parameters, OptimizerState& next,
                              StepReport& report) const {
  QS_ASSERT(tangent.judge != nullptr);
  StepScale scale = StepScale::from(next.buffers.at("scale"));
  const double asked = report.step_size;
  const auto length = [&] {
    ++report.trials;
    return tangent.judge->distance(moved(parameters, report.step_size, options_.weight_decay, direction));
  };
  report.length = length();
  while (!(report.length <= longest) && report.trials < attempts) {
    report.step_size *= std::isfinite(report.length) ? std::min(longest / report.length, 0.9) / 1.1 : 0.1;
    report.length = length();
  }
  if (!(report.length <= 2 * longest)) report.step_size = report.length = 0;
  scale.rate = report.trials == 1 ? std::min(1.0, 1.05 * scale.rate) : scale.rate * std::max(report.step_size / asked, 0.25);

  std::vector<double>& losses = next.buffers.at("losses");
  std::rotate(losses.begin(), losses.begin() + 1, losses.end());
  losses.back() = tangent.judge->loss();
  if (tangent.judge->evidence() == Evidence::exact && rises(losses, tangent.judge->tolerance())) {
    scale.rate /= 2;
    losses.assign(losses_kept, std::numeric_limits<double>::infinity());
  }
  next.buffers.at("scale") = scale.stored();
}

void GradientDescent::soften() { state_.buffers.at("scale") = softened(StepScale::from(state_.buffers.at("scale"))).stored(); }

void GradientDescent::restore(OptimizerState state) {
  check_state(state, state_);
  state_ = std::move(state);
}

}  // namespace qs

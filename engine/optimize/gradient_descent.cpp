#include "engine/optimize/gradient_descent.h"

#include <utility>

#include "engine/optimize/gradient.h"
#include "engine/optimize/state.h"
#include "engine/optimize/tangent_rows.h"

namespace qs {
namespace {

// theta -= rate (d + decay theta): the decay is no part of what moments rescale (decoupled).
void descend(double rate, double decay, std::span<const double> direction, std::span<double> parameters) {
  for (std::size_t k = 0; k < parameters.size(); ++k) parameters[k] -= rate * (direction[k] + decay * parameters[k]);
}

}  // namespace

GradientDescent::GradientDescent(OptimizerOptions options, std::int64_t parameters, const std::vector<std::string>& buffers)
    : options_(std::move(options)) {
  for (const std::string& name : buffers) state_.buffers[name].resize(parameters);
}

StepReport GradientDescent::update(const Tangent& tangent, std::span<const std::complex<double>> residual, std::vector<double>& parameters) {
  check_residual(tangent, residual);
  const std::vector<double> gradient = timed(tangent.clock, "derivatives", [&] { return loss_gradient(tangent, residual); });
  require_finite(gradient, "gradient");

  OptimizerState next = state_;
  const double rate = options_.lr.at(next.updates);
  ++next.updates;
  const std::vector<double> step = direction(tangent, gradient, next);
  require_finite(step, "direction");
  descend(rate, options_.weight_decay, step, parameters);
  state_ = std::move(next);
  return {.gradient_norm = euclidean_norm(gradient), .direction_norm = euclidean_norm(step), .step_size = rate};
}

void GradientDescent::restore(OptimizerState state) {
  check_state(state, state_);
  state_ = std::move(state);
}

}  // namespace qs

#include "engine/optimize/adamw.h"

#include <cmath>
#include <utility>

#include "engine/optimize/gradient.h"
#include "engine/optimize/state.h"
#include "engine/optimize/tangent_rows.h"

namespace qs {

AdamW::AdamW(OptimizerOptions options, std::int64_t parameters) : options_(std::move(options)), parameters_(parameters) {
  state_.buffers["adam_m"].resize(parameters);
  state_.buffers["adam_v"].resize(parameters);
}

void adam_direction(const OptimizerOptions& options, std::int64_t updates, std::span<const double> gradient, std::span<double> m, std::span<double> v,
                    std::span<double> direction) {
  const double t = static_cast<double>(updates);
  const double m_scale = 1 / (1 - std::pow(options.beta1, t)), v_scale = 1 / (1 - std::pow(options.beta2, t));
  for (std::size_t k = 0; k < gradient.size(); ++k) {
    m[k] = options.beta1 * m[k] + (1 - options.beta1) * gradient[k];
    v[k] = options.beta2 * v[k] + (1 - options.beta2) * gradient[k] * gradient[k];
    direction[k] = m_scale * m[k] / (std::sqrt(v_scale * v[k]) + options.epsilon);
  }
}

void descend(double rate, double decay, std::span<const double> direction, std::span<double> parameters) {
  for (std::size_t k = 0; k < parameters.size(); ++k) parameters[k] -= rate * (direction[k] + decay * parameters[k]);
}

StepReport AdamW::update(const Tangent& tangent, std::span<const std::complex<double>> residual, std::vector<double>& parameters) {
  check_residual(tangent, residual);
  const std::vector<double> gradient = timed(tangent.clock, "derivatives", [&] { return loss_gradient(tangent, residual); });
  require_finite(gradient, "gradient");
  StepReport report;
  report.gradient_norm = euclidean_norm(gradient);

  OptimizerState next = state_;
  report.step_size = options_.lr.at(next.updates);
  ++next.updates;
  std::vector<double> direction(parameters_);
  adam_direction(options_, next.updates, gradient, next.buffers["adam_m"], next.buffers["adam_v"], direction);
  require_finite(direction, "direction");
  report.direction_norm = euclidean_norm(direction);
  descend(report.step_size, options_.weight_decay, direction, parameters);
  state_ = std::move(next);
  return report;
}

void AdamW::restore(OptimizerState state) {
  check_state(state, state_);
  state_ = std::move(state);
}

}  // namespace qs

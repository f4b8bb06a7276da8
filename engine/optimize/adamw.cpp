#include "engine/optimize/adamw.h"

#include <cmath>
#include <utility>

#include "engine/optimize/state.h"
#include "engine/optimize/tangent_rows.h"
#include "engine/wavefunctions/chunked.h"
#include "kernels/api/error.h"

namespace qs {

AdamW::AdamW(OptimizerOptions options, std::int64_t parameters) : options_(std::move(options)), parameters_(parameters) {
  state_.buffers["adam_m"].resize(parameters);
  state_.buffers["adam_v"].resize(parameters);
}

std::vector<double> loss_gradient(const Tangent& tangent, std::span<const std::complex<double>> residual) {
  const SampleSet& samples = tangent.samples;
  std::vector<std::complex<double>> weight(residual.size());
  for (std::size_t i = 0; i < weight.size(); ++i) {
    // Residuals are centred per problem, so <O> drops out of sum_i w_i conj(O_i - <O>) eps_i.
    if (samples.weight[i] != 0) weight[i] = 2 * samples.weight[i] / samples.problems * residual[i];
  }
  std::vector<double> gradient(tangent.psi.layout().total);
  std::exception_ptr failure;
  const auto partial = [&](int block, std::span<double> out) {
    const std::int64_t begin = samples.block_begin[block - samples.blocks.first()], end = samples.block_begin[block - samples.blocks.first() + 1];
    try {
      vjp(tangent.psi, samples.rows, begin, end - begin, std::span(weight).subspan(begin, end - begin), out);
    } catch (...) {
      failure = std::current_exception();  // tree_sum is collective: fail together, after it
    }
  };
  tree_sum(tangent.comm, samples.blocks, static_cast<std::int64_t>(gradient.size()), partial, gradient);
  agree(tangent.comm, failure);
  return gradient;
}

StepReport AdamW::update(const Tangent& tangent, std::span<const std::complex<double>> residual, std::vector<double>& parameters) {
  check_residual(tangent, residual);
  const std::vector<double> gradient = timed(tangent.clock, "derivatives", [&] { return loss_gradient(tangent, residual); });
  require_finite(gradient, "gradient");
  StepReport report;
  report.gradient_norm = euclidean_norm(gradient);

  // m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, d = (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon).
  OptimizerState next = state_;
  const double rate = options_.lr.at(next.updates);
  const double t = static_cast<double>(++next.updates);
  const double m_scale = 1 / (1 - std::pow(options_.beta1, t)), v_scale = 1 / (1 - std::pow(options_.beta2, t));
  std::vector<double>&m = next.buffers["adam_m"], &v = next.buffers["adam_v"];
  std::vector<double> direction(parameters_);
  for (std::int64_t k = 0; k < parameters_; ++k) {
    m[k] = options_.beta1 * m[k] + (1 - options_.beta1) * gradient[k];
    v[k] = options_.beta2 * v[k] + (1 - options_.beta2) * gradient[k] * gradient[k];
    direction[k] = m_scale * m[k] / (std::sqrt(v_scale * v[k]) + options_.epsilon);
  }
  require_finite(direction, "direction");
  report.direction_norm = euclidean_norm(direction);
  report.step_size = constrained_step(rate, options_.norm_constraint, report.direction_norm);
  // theta -= step d + lr decay theta: the decay is not divided by sqrt(v) (decoupled).
  for (std::int64_t k = 0; k < parameters_; ++k) parameters[k] -= report.step_size * direction[k] + rate * options_.weight_decay * parameters[k];
  state_ = std::move(next);
  return report;
}

void AdamW::restore(OptimizerState state) {
  check_state(state, state_);
  state_ = std::move(state);
}

}  // namespace qs

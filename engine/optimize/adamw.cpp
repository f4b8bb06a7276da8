#include "engine/optimize/adamw.h"

#include <cmath>
#include <utility>

#include "engine/optimize/optimizer_entry.h"

namespace qs {

AdamW::AdamW(OptimizerOptions options, std::int64_t parameters) : GradientDescent(std::move(options), parameters, {"adam_m", "adam_v"}) {}

std::vector<double> AdamW::direction(const Tangent&, std::span<const double> gradient, OptimizerState& next) const {
  std::vector<double> direction(gradient.size());
  adam_direction(options(), next.updates, gradient, next.buffers.at("adam_m"), next.buffers.at("adam_v"), direction);
  return direction;
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

OptimizerEntry adamw_entry() {
  Options<OptimizerOptions> options = common_options({.kind = OptimizerKind::adamw, .lr = {1e-3, 1e-3, 0}});
  add_adam_options(options);
  return {"adamw", "Adam with decoupled weight decay", std::move(options), [](const OptimizerOptions& chosen, std::int64_t parameters) {
            return std::unique_ptr<Optimizer>(std::make_unique<AdamW>(chosen, parameters));
          }};
}

}  // namespace qs

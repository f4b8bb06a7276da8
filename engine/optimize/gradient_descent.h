// Steps along a direction that is made from the gradient alone: what AdamW and Muon share. With adaptive control a step that would move the states
// too far (in the metric of trust_region.h) is shortened, and so are those after it; moments follow the gradient, never the shortened step.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/optimize/optimizer.h"

namespace qs {

class GradientDescent : public Optimizer {
 public:
  StepReport update(const Tangent& tangent, std::span<const std::complex<double>> residual, std::vector<double>& parameters) final;
  const OptimizerState& state() const final { return state_; }
  void restore(OptimizerState state) final;
  void soften() final;

 protected:
  // `buffers`: names of the history that a direction needs, one value per parameter each.
  GradientDescent(OptimizerOptions options, std::int64_t parameters, const std::vector<std::string>& buffers);

  const OptimizerOptions& options() const { return options_; }

 private:
  // d of this step; `next.updates` counts it already, `next.buffers` is brought up to date. Collective.
  virtual std::vector<double> direction(const Tangent& tangent, std::span<const double> gradient, OptimizerState& next) const = 0;
  void shorten(const Tangent& tangent, std::span<const double> direction, const std::vector<double>& parameters, OptimizerState& next,
               StepReport& report) const;

  OptimizerOptions options_;
  OptimizerState state_;
};

}  // namespace qs

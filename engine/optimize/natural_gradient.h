// Stochastic reconfiguration (natural gradient) in both shapes, with SPRING momentum: theta -= eta d, d from natural_system.h. With fixed control eta
// is the learning rate, at most sqrt(C)/|d| under a norm constraint C; with adaptive control a trust region (trust_region.h) chooses eta and the
// diagonal shift. The momentum buffer keeps d before the step size.
#pragma once

#include "engine/optimize/natural_system.h"
#include "engine/optimize/optimizer.h"

namespace qs {

class NaturalGradient : public Optimizer {
 public:
  NaturalGradient(OptimizerOptions options, std::int64_t parameters);

  StepReport update(const Tangent& tangent, std::span<const std::complex<double>> residual, std::vector<double>& parameters) override;
  const OptimizerState& state() const override { return state_; }
  void restore(OptimizerState state) override;
  void soften() override;

 private:
  struct Attempt;
  StepScale scale() const { return StepScale::from(state_.buffers.at("scale")); }
  StepReport describe(const NaturalDirection& found) const;
  StepReport take(NaturalSystem& system, std::vector<double>& parameters);
  StepReport adapt(const Tangent& tangent, NaturalSystem& system, std::vector<double>& parameters);
  Attempt attempt(const Tangent& tangent, NaturalSystem& system, const StepScale& scale, double share, const std::vector<double>& parameters) const;
  void forget_momentum();

  OptimizerOptions options_;
  std::int64_t parameters_;
  OptimizerState state_;
};

}  // namespace qs

// AdamW: Kingma and Ba (arXiv 1412.6980) with decoupled weight decay, Loshchilov and Hutter (arXiv 1711.05101).
#pragma once

#include "engine/optimize/optimizer.h"

namespace qs {

class AdamW : public Optimizer {
 public:
  AdamW(OptimizerOptions options, std::int64_t parameters);

  StepReport update(const Tangent& tangent, std::span<const std::complex<double>> residual, std::vector<double>& parameters) override;
  const OptimizerState& state() const override { return state_; }
  void restore(OptimizerState state) override;

 private:
  OptimizerOptions options_;
  std::int64_t parameters_;
  OptimizerState state_;
};

// m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, d = (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon) after t updates, this one included.
void adam_direction(const OptimizerOptions& options, std::int64_t updates, std::span<const double> gradient, std::span<double> m, std::span<double> v,
                    std::span<double> direction);
// theta -= rate (d + decay theta): the decay is no part of what moments rescale (decoupled).
void descend(double rate, double decay, std::span<const double> direction, std::span<double> parameters);

}  // namespace qs

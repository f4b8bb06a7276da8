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

// The gradient (1/G) sum_g 2 Re sum_i w_i conj(O_i) eps_i by one backward pass over the fixed blocks. Collective.
std::vector<double> loss_gradient(const Tangent& tangent, std::span<const std::complex<double>> residual);

}  // namespace qs

// AdamW: Kingma and Ba (arXiv 1412.6980) with decoupled weight decay, Loshchilov and Hutter (arXiv 1711.05101).
#pragma once

#include "engine/optimize/gradient_descent.h"

namespace qs {

class AdamW : public GradientDescent {
 public:
  AdamW(OptimizerOptions options, std::int64_t parameters);

 private:
  std::vector<double> direction(const Tangent& tangent, std::span<const double> gradient, OptimizerState& next) const override;
};

// m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, d = (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon) after t updates, this one included.
void adam_direction(const OptimizerOptions& options, std::int64_t updates, std::span<const double> gradient, std::span<double> m, std::span<double> v,
                    std::span<double> direction);

}  // namespace qs

// Muon: momentum whose matrices are orthogonalised, so that a step turns all directions of a weight matrix alike, the rare ones too (Jordan et al.,
// "Muon: An optimizer for hidden layers in neural networks", 2024). Everything that is no matrix follows Adam.
//
//   M = mu M + G,  U = G + mu M (Nesterov),  theta -= lr (0.2 sqrt(max(rows, columns)) orthogonal(U) + weight_decay theta)
//
// The factor (Liu et al., arXiv 2502.16982, section 2.2) gives a step the root mean square of Adam's, so that one learning rate suits both.
#pragma once

#include "engine/optimize/gradient_descent.h"

namespace qs {

class Muon : public GradientDescent {
 public:
  Muon(OptimizerOptions options, std::int64_t parameters);

 private:
  // History: muon_m, M of matrices and Adam's first moment of the rest; muon_v, its second moment, 0 for matrices.
  std::vector<double> direction(const Tangent& tangent, std::span<const double> gradient, OptimizerState& next) const override;
};

}  // namespace qs

// Residual feed-forward block: x += down(gelu(up(LN x))).
#pragma once

#include <string>

#include "engine/wavefunctions/layers/layer_norm.h"
#include "engine/wavefunctions/layers/perceptron.h"

namespace qs {

template <class Real>
class MlpResidual final : public Residual<Real> {
 public:
  MlpResidual(const Builder<Real>& build, const std::string& norm, const DenseSpec& up, const DenseSpec& down, int tokens)
      : tokens_(tokens),
        norm_(build.differentiating(), norm, tokens, up.in),
        layers_(build.differentiating(), up, down, tokens),
        input_(build.keep_for_backward(std::size_t(tokens) * up.in)),
        dinput_(build.scratch(std::size_t(tokens) * up.in, Pass::differentiate)),
        scratch_(build.scratch(kernels::mlp_residual_scratch(shape(1)), Pass::evaluate)) {}

  void forward(const Run<Real>& run, Real* x) const override {
    if (run.pass == Pass::evaluate) {
      kernels::network<Real>(run.device)
          .mlp_residual(shape(run.rows), {norm_.weights(), layers_.first().weights(), layers_.second().weights()}, x, run.at(scratch_));
      return;
    }
    norm_.forward(run, x, run.at(input_));
    layers_.forward(run, run.at(input_), x, kernels::Write::accumulate);
  }
  void backward(const Run<Real>& run, Real* dx) const override {
    layers_.backward(run, run.at(input_), dx, run.at(dinput_));
    norm_.backward(run, run.at(dinput_), dx, kernels::Write::accumulate);
  }

 private:
  kernels::MlpShape shape(int rows) const { return {tokens_, layers_.first().in(), layers_.first().out(), rows}; }

  int tokens_;
  LayerNorm<Real> norm_;
  Perceptron<Real> layers_;
  Slot input_;  // LN x
  Slot dinput_;
  Slot scratch_;
};

}  // namespace qs

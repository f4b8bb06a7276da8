// Residual feed-forward block: x += down(gelu(up(LN x))).
#pragma once

#include <algorithm>
#include <string>

#include "engine/wavefunctions/layers/layer_norm.h"
#include "engine/wavefunctions/layers/perceptron.h"

namespace qs {

template <class Real>
class MlpResidual {
 public:
  struct Paths {
    std::string norm, up, down;
  };
  struct Saved {
    typename LayerNorm<Real>::Saved norm;
    Real* input;  // LN x
    typename Perceptron<Real>::Saved layers;
  };

  MlpResidual(const Tensors& tensors, const Paths& paths, int tokens, int width)
      : tokens_(tokens), norm_(tensors, paths.norm), layers_(tensors, paths.up, paths.down, width) {}

  void load(std::span<const double> parameters) {
    norm_.load(parameters);
    layers_.load(parameters);
  }

  std::size_t evaluation_values(int rows) const { return static_cast<std::size_t>(kernels::mlp_residual_scratch(shape(rows))); }
  void evaluate(Lanes lanes, Real* x, Arena<Real> scratch) const {
    kernels::network<Real>(lanes.device)
        .mlp_residual(shape(lanes.rows), {norm_.weights(), layers_.first().weights(), layers_.second().weights()}, x,
                      scratch.take(evaluation_values(lanes.rows)));
  }

  Saved carve(Arena<Real>& arena, int rows) const {
    Saved saved;
    saved.norm = norm_.carve(arena, tokens_, rows);
    saved.input = arena.take(stream_values(rows));
    saved.layers = layers_.carve(arena, tokens_, rows, Pass::differentiate);
    return saved;
  }
  void forward(Lanes lanes, Real* x, const Saved& saved) const {
    norm_.forward(lanes, tokens_, x, saved.input, saved.norm);
    layers_.forward(lanes, tokens_, saved.input, saved.layers, x, kernels::Write::accumulate);
  }

  std::size_t scratch_values(int rows) const { return layers_.scratch_values(tokens_, rows) + stream_values(rows) + norm_.scratch_values(rows); }
  // dx: gradient of the output on entry, of the input on return.
  void backward(Lanes lanes, Real* dx, const Saved& saved, Arena<Real> scratch, const Gradient<Real>& gradient) const {
    Real* dinput = scratch.take(stream_values(lanes.rows));
    layers_.backward(lanes, tokens_, saved.input, saved.layers, dx, dinput, scratch, gradient);
    norm_.backward(lanes, tokens_, dinput, saved.norm, dx, kernels::Write::accumulate, scratch, gradient);
  }

  double flops() const { return layers_.flops(tokens_); }

 private:
  kernels::MlpShape shape(int rows) const { return {tokens_, layers_.in(), layers_.hidden(), rows}; }
  std::size_t stream_values(int rows) const { return std::size_t(tokens_) * layers_.in() * rows; }

  int tokens_;
  LayerNorm<Real> norm_;
  Perceptron<Real> layers_;
};

}  // namespace qs

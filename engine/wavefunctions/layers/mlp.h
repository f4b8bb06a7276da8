// Residual feed-forward block: x += down(gelu(up(LN x))).
#pragma once

#include <algorithm>
#include <string>

#include "engine/wavefunctions/layers/dense.h"
#include "engine/wavefunctions/layers/layer_norm.h"

namespace qs {

template <class Real>
class MlpResidual {
 public:
  struct Paths {
    std::string norm, up, down;
  };
  struct Saved {
    typename LayerNorm<Real>::Saved norm;
    Real* input;   // LN x
    Real* hidden;  // before gelu
    Real* active;  // after gelu
  };

  MlpResidual(const Tensors& tensors, const Paths& paths, int tokens, int width)
      : tokens_(tokens), norm_(tensors, paths.norm), up_(tensors, paths.up, width), down_(tensors, paths.down, up_.out()) {}

  void load(std::span<const double> parameters) {
    norm_.load(parameters);
    up_.load(parameters);
    down_.load(parameters);
  }

  Saved carve(Arena<Real>& arena, int rows, Pass pass) const {
    Saved saved;
    saved.norm = norm_.carve(arena, tokens_, rows);
    saved.input = arena.take(stream_values(rows));
    saved.hidden = arena.take(hidden_values(rows));
    saved.active = pass == Pass::evaluate ? saved.hidden : arena.take(hidden_values(rows));
    return saved;
  }
  void forward(Lanes lanes, Real* x, const Saved& saved) const {
    norm_.forward(lanes, tokens_, x, saved.input, saved.norm);
    up_.forward(lanes, tokens_, saved.input, saved.hidden);
    kernels::gelu(lanes.device, static_cast<std::int64_t>(hidden_values(lanes.rows)), saved.hidden, saved.active);
    down_.forward(lanes, tokens_, saved.active, x, kernels::Write::accumulate);
  }

  std::size_t scratch_values(int rows) const { return hidden_values(rows) + stream_values(rows) + norm_.scratch_values(rows); }
  // dx: gradient of the output on entry, of the input on return.
  void backward(Lanes lanes, Real* dx, const Saved& saved, Arena<Real> scratch, const Gradient<Real>& gradient) const {
    Real* dhidden = scratch.take(hidden_values(lanes.rows));
    Real* dinput = scratch.take(stream_values(lanes.rows));
    down_.backward_weights(lanes, tokens_, saved.active, dx, gradient);
    down_.backward_input(lanes, tokens_, dx, dhidden);
    kernels::gelu_backward(lanes.device, static_cast<std::int64_t>(hidden_values(lanes.rows)), saved.hidden, dhidden, dhidden);
    up_.backward_weights(lanes, tokens_, saved.input, dhidden, gradient);
    up_.backward_input(lanes, tokens_, dhidden, dinput);
    norm_.backward(lanes, tokens_, dinput, saved.norm, dx, kernels::Write::accumulate, scratch, gradient);
  }

  double flops() const { return up_.flops(tokens_) + down_.flops(tokens_); }

 private:
  std::size_t stream_values(int rows) const { return std::size_t(tokens_) * up_.in() * rows; }
  std::size_t hidden_values(int rows) const { return std::size_t(tokens_) * up_.out() * rows; }

  int tokens_;
  LayerNorm<Real> norm_;
  Dense<Real> up_;
  Dense<Real> down_;
};

}  // namespace qs

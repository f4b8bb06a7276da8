// Residual factored attention (Viteritti, Rende, Becca, PRL 130, 236401): x += W concat_h(A_h V_h(LN x)), the mixing matrices A_h are parameters,
// with no queries, keys or softmax. index[p][q] names the parameter of a pair of tokens.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/wavefunctions/layers/dense.h"
#include "engine/wavefunctions/layers/layer_norm.h"

namespace qs {

template <class Real>
class FactoredAttentionResidual {
 public:
  struct Paths {
    std::string norm, value, alpha, out;
  };
  struct Saved {
    typename LayerNorm<Real>::Saved norm;
    Real* input;  // LN x
    Real* value;
    Real* mixed;
  };

  FactoredAttentionResidual(const Tensors& tensors, const Paths& paths, int width, int heads, int tokens, const std::vector<std::int32_t>& index)
      : tokens_(tokens),
        width_(width),
        heads_(heads),
        norm_(tensors, paths.norm),
        value_(tensors, paths.value, width),
        alpha_(tensors, paths.alpha),
        out_(tensors, paths.out, width),
        index_(buffer_of(tensors.device, index)) {
    std::vector<std::int32_t> transposed(index.size());
    for (int p = 0; p < tokens; ++p) {
      for (int q = 0; q < tokens; ++q) transposed[q * tokens + p] = index[p * tokens + q];
    }
    transposed_index_ = buffer_of(tensors.device, transposed);
  }

  void load(std::span<const double> parameters) {
    norm_.load(parameters);
    value_.load(parameters);
    alpha_.load(parameters);
    out_.load(parameters);
  }

  std::size_t evaluation_values(int rows) const { return static_cast<std::size_t>(kernels::mixing_residual_scratch(shape(rows))); }
  void evaluate(Lanes lanes, Real* x, Arena<Real> scratch) const {
    kernels::network<Real>(lanes.device)
        .mixing_residual(shape(lanes.rows), {norm_.weights(), value_.weights(), alpha_.data(), index_.data(), out_.weights()}, x,
                         scratch.take(evaluation_values(lanes.rows)));
  }

  Saved carve(Arena<Real>& arena, int rows) const {
    Saved saved;
    saved.norm = norm_.carve(arena, tokens_, rows);
    saved.input = arena.take(stream_values(rows));
    saved.value = arena.take(stream_values(rows));
    saved.mixed = arena.take(stream_values(rows));
    return saved;
  }
  void forward(Lanes lanes, Real* x, const Saved& saved) const {
    norm_.forward(lanes, tokens_, x, saved.input, saved.norm);
    value_.forward(lanes, tokens_, saved.input, saved.value);
    kernels::network<Real>(lanes.device).mix_tokens(shape(lanes.rows), saved.value, alpha_.data(), index_.data(), saved.mixed);
    out_.forward(lanes, tokens_, saved.mixed, x, kernels::Write::accumulate);
  }

  std::size_t scratch_values(int rows) const {
    return 2 * stream_values(rows) + std::max(static_cast<std::size_t>(alpha_.count()) * rows, norm_.scratch_values(rows));
  }
  // dx: gradient of the output on entry, of the input on return.
  void backward(Lanes lanes, Real* dx, const Saved& saved, Arena<Real> scratch, const Gradient<Real>& gradient) const {
    Real* dmixed = scratch.take(stream_values(lanes.rows));
    Real* dvalue = scratch.take(stream_values(lanes.rows));
    out_.backward_weights(lanes, tokens_, saved.mixed, dx, gradient);
    out_.backward_input(lanes, tokens_, dx, dmixed);
    backward_alpha(lanes, saved.value, dmixed, scratch, gradient);
    kernels::network<Real>(lanes.device).mix_tokens(shape(lanes.rows), dmixed, alpha_.data(), transposed_index_.data(), dvalue);
    value_.backward_weights(lanes, tokens_, saved.input, dvalue, gradient);
    Real* dinput = dmixed;  // no longer needed
    value_.backward_input(lanes, tokens_, dvalue, dinput);
    norm_.backward(lanes, tokens_, dinput, saved.norm, dx, kernels::Write::accumulate, scratch, gradient);
  }

  double flops() const { return value_.flops(tokens_) + out_.flops(tokens_) + 2.0 * tokens_ * tokens_ * width_; }

 private:
  kernels::MixShape shape(int rows) const { return {tokens_, heads_, width_ / heads_, rows, static_cast<int>(alpha_.count() / heads_)}; }
  std::size_t stream_values(int rows) const { return std::size_t(tokens_) * width_ * rows; }

  void backward_alpha(Lanes lanes, const Real* value, const Real* dmixed, Arena<Real> scratch, const Gradient<Real>& gradient) const {
    Real* dalpha = scratch.take(static_cast<std::size_t>(alpha_.count()) * lanes.rows);
    kernels::network<Real>(lanes.device).mix_tokens_weight_gradient(shape(lanes.rows), value, dmixed, index_.data(), dalpha);
    kernels::network<Real>(lanes.device).emit_gradient(static_cast<int>(alpha_.count()), lanes.rows, dalpha, gradient.at(alpha_.offset()));
  }

  int tokens_;
  int width_;
  int heads_;
  LayerNorm<Real> norm_;
  Dense<Real> value_;
  Weight<Real> alpha_;
  Dense<Real> out_;
  Buffer<std::int32_t> index_;
  Buffer<std::int32_t> transposed_index_;
};

}  // namespace qs

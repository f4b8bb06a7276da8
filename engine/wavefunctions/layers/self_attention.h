// Residual multi-head self-attention: x += out(softmax(q k / sqrt(D/H)) v), (q, k, v) = Dense(LN x). Kernels are stored as [D, H, D/H] (q, k, v)
// and [H, D/H, D] (out): plain [D, D] matrices in C order.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "engine/wavefunctions/layers/dense.h"
#include "engine/wavefunctions/layers/layer_norm.h"

namespace qs {

// The four projections of one attention layer under `path`, LeCun normal with fan-in D.
inline void declare_attention(std::vector<TensorSpec>& specs, const std::string& path, int width, int heads) {
  const int head_width = width / heads;
  const Initial kernel = Initial::lecun_normal(width);
  for (const char* name : {"/query", "/key", "/value"}) {
    specs.push_back({path + name + "/kernel", {width, heads, head_width}, kernel});
    specs.push_back({path + name + "/bias", {heads, head_width}, Initial::zero()});
  }
  specs.push_back({path + "/out/kernel", {heads, head_width, width}, kernel});
  specs.push_back({path + "/out/bias", {width}, Initial::zero()});
}

template <class Real>
class SelfAttentionResidual {
 public:
  struct Saved {
    typename LayerNorm<Real>::Saved norm;
    Real* input;  // LN x
    Real* query;
    Real* key;
    Real* value;
    Real* probability;  // [H][T][T][B]
    Real* mixed;
  };

  SelfAttentionResidual(const Tensors& tensors, const std::string& norm_path, const std::string& path, int width, int heads, int tokens)
      : tokens_(tokens),
        width_(width),
        heads_(heads),
        norm_(tensors, norm_path),
        query_(tensors, path + "/query", width),
        key_(tensors, path + "/key", width),
        value_(tensors, path + "/value", width),
        out_(tensors, path + "/out", width) {}

  void load(std::span<const double> parameters) {
    norm_.load(parameters);
    for (Dense<Real>* dense : {&query_, &key_, &value_, &out_}) dense->load(parameters);
  }

  std::size_t evaluation_values(int rows) const { return static_cast<std::size_t>(kernels::attention_residual_scratch(shape(rows))); }
  void evaluate(Lanes lanes, Real* x, Arena<Real> scratch) const {
    kernels::network<Real>(lanes.device)
        .attention_residual(shape(lanes.rows), {norm_.weights(), query_.weights(), key_.weights(), value_.weights(), out_.weights()}, x,
                            scratch.take(evaluation_values(lanes.rows)));
  }

  Saved carve(Arena<Real>& arena, int rows) const {
    Saved saved;
    saved.norm = norm_.carve(arena, tokens_, rows);
    for (Real** piece : {&saved.input, &saved.query, &saved.key, &saved.value, &saved.mixed}) *piece = arena.take(stream_values(rows));
    saved.probability = arena.take(std::size_t(heads_) * tokens_ * tokens_ * rows);
    return saved;
  }
  void forward(Lanes lanes, Real* x, const Saved& saved) const {
    norm_.forward(lanes, tokens_, x, saved.input, saved.norm);
    query_.forward(lanes, tokens_, saved.input, saved.query);
    key_.forward(lanes, tokens_, saved.input, saved.key);
    value_.forward(lanes, tokens_, saved.input, saved.value);
    kernels::network<Real>(lanes.device).attention(shape(lanes.rows), saved.query, saved.key, saved.value, saved.probability, saved.mixed);
    out_.forward(lanes, tokens_, saved.mixed, x, kernels::Write::accumulate);
  }

  std::size_t scratch_values(int rows) const { return 4 * stream_values(rows) + norm_.scratch_values(rows); }
  // dx: gradient of the output on entry, of the input on return.
  void backward(Lanes lanes, Real* dx, const Saved& saved, Arena<Real> scratch, const Gradient<Real>& gradient) const {
    std::array<Real*, 4> piece;
    for (Real*& p : piece) p = scratch.take(stream_values(lanes.rows));
    const auto [dmixed, dquery, dkey, dvalue] = piece;
    out_.backward_weights(lanes, tokens_, saved.mixed, dx, gradient);
    out_.backward_input(lanes, tokens_, dx, dmixed);
    kernels::network<Real>(lanes.device)
        .attention_backward(shape(lanes.rows), saved.query, saved.key, saved.value, saved.probability, dmixed, dquery, dkey, dvalue);
    query_.backward_weights(lanes, tokens_, saved.input, dquery, gradient);
    key_.backward_weights(lanes, tokens_, saved.input, dkey, gradient);
    value_.backward_weights(lanes, tokens_, saved.input, dvalue, gradient);
    Real* dinput = dmixed;  // no longer needed
    query_.backward_input(lanes, tokens_, dquery, dinput);
    key_.backward_input(lanes, tokens_, dkey, dinput, kernels::Write::accumulate);
    value_.backward_input(lanes, tokens_, dvalue, dinput, kernels::Write::accumulate);
    norm_.backward(lanes, tokens_, dinput, saved.norm, dx, kernels::Write::accumulate, scratch, gradient);
  }

  double flops() const { return 4.0 * out_.flops(tokens_) + 4.0 * tokens_ * tokens_ * width_; }

 private:
  kernels::AttentionShape shape(int rows) const { return {tokens_, heads_, width_ / heads_, rows}; }
  std::size_t stream_values(int rows) const { return std::size_t(tokens_) * width_ * rows; }

  int tokens_;
  int width_;
  int heads_;
  LayerNorm<Real> norm_;
  Dense<Real> query_;
  Dense<Real> key_;
  Dense<Real> value_;
  Dense<Real> out_;
};

}  // namespace qs

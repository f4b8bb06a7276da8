// Residual multi-head self-attention: x += out(softmax(q k / sqrt(D/H)) v), (q, k, v) = Dense(LN x).
#pragma once

#include <string>

#include "engine/wavefunctions/layers/dense.h"
#include "engine/wavefunctions/layers/layer_norm.h"

namespace qs {

// Projections of attention layers, LeCun normal with fan-in D. Query, key and value are stored as [D, H, D/H], out as [H, D/H, D]: plain [D, D]
// matrices in C order.
inline DenseSpec attention_input(const std::string& path, int width, int heads) {
  return {width,
          {path + "/kernel", {width, heads, width / heads}, Initial::lecun_normal(width)},
          TensorSpec{path + "/bias", {heads, width / heads}, Initial::zero()}};
}
inline DenseSpec attention_output(const std::string& path, int width, int heads) {
  return {
      width, {path + "/kernel", {heads, width / heads, width}, Initial::lecun_normal(width)}, TensorSpec{path + "/bias", {width}, Initial::zero()}};
}

template <class Real>
class SelfAttentionResidual final : public Residual<Real> {
 public:
  SelfAttentionResidual(const Builder<Real>& build, const std::string& norm, const std::string& path, int tokens, int width, int heads)
      : tokens_(tokens),
        width_(width),
        heads_(heads),
        norm_(build.differentiating(), norm, tokens, width),
        query_(build, attention_input(path + "/query", width, heads), tokens),
        key_(build, attention_input(path + "/key", width, heads), tokens),
        value_(build, attention_input(path + "/value", width, heads), tokens),
        out_(build, attention_output(path + "/out", width, heads), tokens),
        scratch_(build.scratch(kernels::attention_residual_scratch(shape(1)), Pass::evaluate)) {
    const std::size_t values = std::size_t(tokens) * width;
    for (Slot* slot : {&input_, &q_, &k_, &v_, &mixed_}) *slot = build.keep_for_backward(values);
    probability_ = build.keep_for_backward(std::size_t(heads) * tokens * tokens);
    for (Slot* slot : {&dmixed_, &dq_, &dk_, &dv_}) *slot = build.scratch(values, Pass::differentiate);
    build.flops(4.0 * tokens * tokens * width);
  }

  void forward(const Run<Real>& run, Real* x) const override {
    if (run.pass == Pass::evaluate) {
      kernels::network<Real>(run.device)
          .attention_residual(shape(run.rows), {norm_.weights(), query_.weights(), key_.weights(), value_.weights(), out_.weights()}, x,
                              run.at(scratch_));
      return;
    }
    norm_.forward(run, x, run.at(input_));
    query_.forward(run, run.at(input_), run.at(q_));
    key_.forward(run, run.at(input_), run.at(k_));
    value_.forward(run, run.at(input_), run.at(v_));
    kernels::network<Real>(run.device).attention(shape(run.rows), run.at(q_), run.at(k_), run.at(v_), run.at(probability_), run.at(mixed_));
    out_.forward(run, run.at(mixed_), x, kernels::Write::accumulate);
  }
  void backward(const Run<Real>& run, Real* dx) const override {
    Real *dmixed = run.at(dmixed_), *dq = run.at(dq_), *dk = run.at(dk_), *dv = run.at(dv_);
    out_.backward_weights(run, run.at(mixed_), dx);
    out_.backward_input(run, dx, dmixed);
    kernels::network<Real>(run.device)
        .attention_backward(shape(run.rows), run.at(q_), run.at(k_), run.at(v_), run.at(probability_), dmixed, dq, dk, dv);
    query_.backward_weights(run, run.at(input_), dq);
    key_.backward_weights(run, run.at(input_), dk);
    value_.backward_weights(run, run.at(input_), dv);
    Real* dinput = dmixed;  // no longer needed
    query_.backward_input(run, dq, dinput);
    key_.backward_input(run, dk, dinput, kernels::Write::accumulate);
    value_.backward_input(run, dv, dinput, kernels::Write::accumulate);
    norm_.backward(run, dinput, dx, kernels::Write::accumulate);
  }

 private:
  kernels::AttentionShape shape(int rows) const { return {tokens_, heads_, width_ / heads_, rows}; }

  int tokens_, width_, heads_;
  LayerNorm<Real> norm_;
  Dense<Real> query_, key_, value_, out_;
  Slot scratch_;
  Slot input_, q_, k_, v_, mixed_;  // input: LN x
  Slot probability_;                // [H][T][T][B]
  Slot dmixed_, dq_, dk_, dv_;
};

}  // namespace qs

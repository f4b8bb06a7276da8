// Residual factored attention (Viteritti, Rende, Becca, PRL 130, 236401): x += W concat_h(A_h V_h(LN x)), the mixing matrices A_h are parameters,
// with no queries, keys or softmax. index[p][q] names the class of a pair of tokens: each class has a number of its own, or alpha times the values
// that given functions of the distance have there, so that the same parameters serve every lattice.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/wavefunctions/layers/dense.h"
#include "engine/wavefunctions/layers/layer_norm.h"

namespace qs {

struct FactoredAttentionSpec {
  std::string norm;
  DenseSpec value;
  TensorSpec alpha;  // [H, ...], one number per class or per function
  DenseSpec out;
  Basis functions = {};  // of the class
};

template <class Real>
class FactoredAttentionResidual final : public Residual<Real> {
 public:
  FactoredAttentionResidual(const Builder<Real>& build, const FactoredAttentionSpec& spec, int tokens, const std::vector<std::int32_t>& index)
      : tokens_(tokens),
        width_(spec.value.in),
        heads_(static_cast<int>(spec.alpha.shape.front())),
        norm_(build.differentiating(), spec.norm, tokens, width_),
        value_(build, spec.value, tokens),
        alpha_(spec.functions.empty() ? build.tensor(spec.alpha) : build.in_basis(spec.alpha, spec.functions)),
        out_(build, spec.out, tokens),
        index_(build.indices(index)),
        scratch_(build.scratch(kernels::mixing_residual_scratch(shape(1)), Pass::evaluate)),
        dalpha_(build.scratch(alpha_.count(), Pass::differentiate)),
        dfunctions_(build.scratch(std::size_t(heads_) * spec.functions.functions, Pass::differentiate)) {
    const std::size_t values = std::size_t(tokens) * width_;
    for (Slot* slot : {&input_, &v_, &mixed_}) *slot = build.keep_for_backward(values);
    for (Slot* slot : {&dmixed_, &dv_}) *slot = build.scratch(values, Pass::differentiate);
    std::vector<std::int32_t> transposed(index.size());
    for (int p = 0; p < tokens; ++p) {
      for (int q = 0; q < tokens; ++q) transposed[q * tokens + p] = index[p * tokens + q];
    }
    transposed_index_ = build.indices(transposed);
    build.flops(2.0 * tokens * tokens * width_);
  }

  void forward(const Run<Real>& run, Real* x) const override {
    if (run.pass == Pass::evaluate) {
      kernels::network<Real>(run.device)
          .mixing_residual(shape(run.rows), {norm_.weights(), value_.weights(), alpha_.data(), index_.data(), out_.weights()}, x, run.at(scratch_));
      return;
    }
    norm_.forward(run, x, run.at(input_));
    value_.forward(run, run.at(input_), run.at(v_));
    kernels::network<Real>(run.device).mix_tokens(shape(run.rows), run.at(v_), alpha_.data(), index_.data(), run.at(mixed_));
    out_.forward(run, run.at(mixed_), x, kernels::Write::accumulate);
  }
  void backward(const Run<Real>& run, Real* dx) const override {
    Real *dmixed = run.at(dmixed_), *dv = run.at(dv_);
    out_.backward_weights(run, run.at(mixed_), dx);
    out_.backward_input(run, dx, dmixed);
    kernels::network<Real>(run.device).mix_tokens_weight_gradient(shape(run.rows), run.at(v_), dmixed, index_.data(), run.at(dalpha_));
    emit_alpha(run);
    kernels::network<Real>(run.device).mix_tokens(shape(run.rows), dmixed, alpha_.data(), transposed_index_.data(), dv);
    value_.backward_weights(run, run.at(input_), dv);
    Real* dinput = dmixed;  // no longer needed
    value_.backward_input(run, dv, dinput);
    norm_.backward(run, dinput, dx, kernels::Write::accumulate);
  }

 private:
  void emit_alpha(const Run<Real>& run) const {
    if (alpha_.basis().empty()) return run.emit(alpha_, run.at(dalpha_));
    const int functions = alpha_.basis().functions;
    kernels::network<Real>(run.device)
        .dense({heads_, alpha_.basis().classes(), functions, run.rows}, run.at(dalpha_), alpha_.basis_transposed(), nullptr, run.at(dfunctions_),
               kernels::Write::overwrite);
    kernels::network<Real>(run.device).emit_gradient(heads_ * functions, run.rows, run.at(dfunctions_), run.gradient_of(alpha_));
  }
  kernels::MixShape shape(int rows) const { return {tokens_, heads_, width_ / heads_, rows, alpha_.count() / heads_}; }

  int tokens_, width_, heads_;
  LayerNorm<Real> norm_;
  Dense<Real> value_;
  Weight<Real> alpha_;
  Dense<Real> out_;
  Buffer<std::int32_t> index_, transposed_index_;
  Slot scratch_;
  Slot input_, v_, mixed_;  // input: LN x
  Slot dalpha_, dfunctions_, dmixed_, dv_;
};

}  // namespace qs

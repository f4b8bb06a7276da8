// Cross-attention of every site to the one token p = Dense(couplings). With one key the softmax is 1, so every site receives the same vector:
// x_i += out(value(p)). Queries and keys are stored, and never matter.
#pragma once

#include <string>

#include "engine/wavefunctions/layers/self_attention.h"

namespace qs {

template <class Real>
class ParameterToken final : public Residual<Real> {
 public:
  // couplings [features][B], filled before forward.
  ParameterToken(const Builder<Real>& build, const DenseSpec& token, const std::string& path, const Slot& couplings, int tokens, int width, int heads)
      : tokens_(tokens),
        width_(width),
        couplings_(couplings),
        to_token_(build, token, 1),
        to_value_(build, attention_input(path + "/value", width, heads), 1),
        to_out_(build, attention_output(path + "/out", width, heads), 1) {
    for (Slot* slot : {&token_, &value_, &out_}) *slot = build.keep(width);
    for (Slot* slot : {&dtoken_, &dvalue_, &dout_}) *slot = build.scratch(width, Pass::differentiate);
    for (const char* name : {"/query", "/key"}) {
      const DenseSpec dead = attention_input(path + name, width, heads);
      build.dead_tensor(dead.kernel);
      build.dead_tensor(*dead.bias);
    }
  }

  void forward(const Run<Real>& run, Real* x) const override {
    to_token_.forward(run, run.at(couplings_), run.at(token_));
    to_value_.forward(run, run.at(token_), run.at(value_));
    to_out_.forward(run, run.at(value_), run.at(out_));
    kernels::network<Real>(run.device).broadcast_tokens(tokens_, width_, run.rows, run.at(out_), x, kernels::Write::accumulate);
  }
  // The gradient of x passes unchanged.
  void backward(const Run<Real>& run, Real* dx) const override {
    Real *dtoken = run.at(dtoken_), *dvalue = run.at(dvalue_), *dout = run.at(dout_);
    kernels::network<Real>(run.device).sum_tokens(tokens_, width_, run.rows, dx, dout);
    to_out_.backward_weights(run, run.at(value_), dout);
    to_out_.backward_input(run, dout, dvalue);
    to_value_.backward_weights(run, run.at(token_), dvalue);
    to_value_.backward_input(run, dvalue, dtoken);
    to_token_.backward_weights(run, run.at(couplings_), dtoken);
  }

 private:
  int tokens_, width_;
  Slot couplings_;
  Dense<Real> to_token_, to_value_, to_out_;
  Slot token_, value_, out_;
  Slot dtoken_, dvalue_, dout_;
};

}  // namespace qs

// Cross-attention of every site to the one token p = Dense(couplings). With one key the softmax is 1, so every site receives the same vector:
// x_i += out(value(p)).
#pragma once

#include <string>

#include "engine/wavefunctions/layers/dense.h"

namespace qs {

template <class Real>
class ParameterToken {
 public:
  struct Saved {
    Real* token;
    Real* value;
    Real* out;
  };

  ParameterToken(const Tensors& tensors, const std::string& token_path, const std::string& attention_path, int features, int sites)
      : sites_(sites),
        token_(tensors, token_path, features),
        value_(tensors, attention_path + "/value", token_.out()),
        out_(tensors, attention_path + "/out", token_.out()) {}

  void load(std::span<const double> parameters) {
    for (Dense<Real>* dense : {&token_, &value_, &out_}) dense->load(parameters);
  }

  Saved carve(Arena<Real>& arena, int rows) const {
    Saved saved;
    for (Real** piece : {&saved.token, &saved.value, &saved.out}) *piece = arena.take(values(rows));
    return saved;
  }
  void forward(Lanes lanes, const Real* couplings, Real* x, const Saved& saved) const {
    token_.forward(lanes, 1, couplings, saved.token);
    value_.forward(lanes, 1, saved.token, saved.value);
    out_.forward(lanes, 1, saved.value, saved.out);
    kernels::network<Real>(lanes.device).broadcast_tokens(sites_, out_.out(), lanes.rows, saved.out, x, kernels::Write::accumulate);
  }

  std::size_t scratch_values(int rows) const { return 3 * values(rows); }
  // The gradient of x passes unchanged.
  void backward(Lanes lanes, const Real* couplings, const Real* dx, const Saved& saved, Arena<Real> scratch, const Gradient<Real>& gradient) const {
    Real* dout = scratch.take(values(lanes.rows));
    Real* dvalue = scratch.take(values(lanes.rows));
    Real* dtoken = scratch.take(values(lanes.rows));
    kernels::network<Real>(lanes.device).sum_tokens(sites_, out_.out(), lanes.rows, dx, dout);
    out_.backward_weights(lanes, 1, saved.value, dout, gradient);
    out_.backward_input(lanes, 1, dout, dvalue);
    value_.backward_weights(lanes, 1, saved.token, dvalue, gradient);
    value_.backward_input(lanes, 1, dvalue, dtoken);
    token_.backward_weights(lanes, 1, couplings, dtoken, gradient);
  }

  double flops() const { return token_.flops(1) + value_.flops(1) + out_.flops(1); }

 private:
  std::size_t values(int rows) const { return std::size_t(out_.out()) * rows; }

  int sites_;
  Dense<Real> token_;
  Dense<Real> value_;
  Dense<Real> out_;
};

}  // namespace qs

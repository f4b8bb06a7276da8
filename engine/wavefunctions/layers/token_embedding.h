// x_i = embedding[s_i] + pos_emb[i] for bits s_i.
#pragma once

#include <cmath>
#include <vector>

#include "engine/wavefunctions/layers/layer.h"

namespace qs {

template <class Real>
class TokenEmbedding {
 public:
  TokenEmbedding(const Tensors& tensors, int tokens, int width)
      : tokens_(tokens), width_(width), table_(tensors, "Embed_0/embedding"), position_(tensors, "pos_emb") {}

  static void declare(std::vector<TensorSpec>& specs, int tokens, int width) {
    specs.push_back({"Embed_0/embedding", {2, width}, Initial::normal(1.0 / std::sqrt(width))});
    specs.push_back({"pos_emb", {1, tokens, width}, Initial::normal(0.02)});
  }

  void load(std::span<const double> parameters) {
    table_.load(parameters);
    position_.load(parameters);
  }
  void forward(Lanes lanes, const Real* spins, Real* x) const {
    kernels::network<Real>(lanes.device).embed_tokens(tokens_, width_, lanes.rows, spins, table_.data(), position_.data(), x);
  }

  std::size_t scratch_values(int rows) const { return 2 * std::size_t(width_) * rows; }
  void backward(Lanes lanes, const Real* spins, const Real* dx, Arena<Real> scratch, const Gradient<Real>& gradient) const {
    Real* dtable = scratch.take(scratch_values(lanes.rows));
    kernels::network<Real>(lanes.device).embed_tokens_backward(tokens_, width_, lanes.rows, spins, dx, dtable);
    kernels::network<Real>(lanes.device).emit_gradient(2 * width_, lanes.rows, dtable, gradient.at(table_.offset()));
    kernels::network<Real>(lanes.device).emit_gradient(tokens_ * width_, lanes.rows, dx, gradient.at(position_.offset()));
  }

 private:
  int tokens_;
  int width_;
  Weight<Real> table_;
  Weight<Real> position_;
};

}  // namespace qs

// x_i = embedding[s_i] + pos_emb[i] for bits s_i.
#pragma once

#include <cmath>

#include "engine/wavefunctions/layers/layer.h"

namespace qs {

template <class Real>
class TokenEmbedding {
 public:
  TokenEmbedding(const Builder<Real>& build, int tokens, int width)
      : tokens_(tokens),
        width_(width),
        table_(build.tensor({"Embed_0/embedding", {2, width}, Initial::normal(1.0 / std::sqrt(width))})),
        position_(build.tensor({"pos_emb", {1, tokens, width}, Initial::normal(0.02)})),
        dtable_(build.scratch(2 * std::size_t(width), Pass::differentiate)) {}

  void forward(const Run<Real>& run, const Real* spins, Real* x) const {
    kernels::network<Real>(run.device).embed_tokens(tokens_, width_, run.rows, spins, table_.data(), position_.data(), x);
  }
  void backward(const Run<Real>& run, const Real* spins, const Real* dx) const {
    kernels::network<Real>(run.device).embed_tokens_backward(tokens_, width_, run.rows, spins, dx, run.at(dtable_));
    run.emit(table_, run.at(dtable_));
    run.emit(position_, dx);
  }

 private:
  int tokens_, width_;
  Weight<Real> table_, position_;
  Slot dtable_;
};

}  // namespace qs

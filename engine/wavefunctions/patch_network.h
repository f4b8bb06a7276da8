// Networks of patches: x_p = embedding(modes of patch p, couplings), residual layers, a log-cosh head. What the layers are is up to the kind.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/wavefunctions/layers/log_cosh_head.h"
#include "engine/wavefunctions/network.h"

namespace qs {

struct PatchInputs {
  int tokens, width;                // of the residual stream
  std::vector<std::int32_t> modes;  // [tokens][modes of a patch]
  std::vector<int> columns;         // of the couplings that every patch sees
};

template <class Real, class Embedding>
class PatchNetwork : public Network<Real> {
 protected:
  using typename Network<Real>::Chunk;
  using typename Network<Real>::LogPsi;
  using typename Network<Real>::Cotangent;

  // The final class emplaces embedding and head, adds the layers and calls plan().
  PatchNetwork(Device device, JacobianMode mode, const NetworkInput& input, const PatchInputs& inputs)
      : Network<Real>(device, mode, input), tokens_(inputs.tokens) {
    const Builder<Real> build = this->layer();
    modes_ = build.indices(inputs.modes);
    columns_ = build.indices(inputs.columns);
    inputs_ = build.keep(modes_.size() + inputs.tokens * columns_.size());
    x_ = build.keep(std::size_t(inputs.tokens) * inputs.width);
  }

  void forward(const Chunk& chunk, LogPsi out) const final {
    fill_inputs(chunk, chunk.at(inputs_));
    embedding_->forward(chunk, chunk.at(inputs_), chunk.at(x_));
    layers_.forward(chunk, chunk.at(x_));
    head_->forward(chunk, chunk.at(x_), out.re, out.im);
  }
  void backward(const Chunk& chunk, Cotangent cotangent) const final {
    Real* dx = chunk.at(x_);  // the stream itself is not needed: every layer keeps its own input
    head_->backward(chunk, cotangent.re, cotangent.im, dx);
    layers_.backward(chunk, dx);
    embedding_->backward_weights(chunk, chunk.at(inputs_), dx);
  }

  std::optional<Embedding> embedding_;
  Residuals<Real> layers_;
  std::optional<LogCoshHead<Real>> head_;

 private:
  void fill_inputs(const Chunk& chunk, Real* inputs) const {
    if (columns_.size() == 0) return this->unpack(chunk, modes_.data(), modes_.size(), inputs);  // one call for all patches
    const std::size_t entries = modes_.size() / tokens_;
    for (int p = 0; p < tokens_; ++p) {
      this->unpack(chunk, modes_.data() + p * entries, entries, inputs);
      this->fill_features(chunk, columns_, inputs + entries * chunk.rows);
      inputs += (entries + columns_.size()) * chunk.rows;
    }
  }

  int tokens_;
  Buffer<std::int32_t> modes_, columns_;
  Slot inputs_;  // [T][modes of a patch + couplings][B]
  Slot x_;       // [T][D][B], the residual stream
};

}  // namespace qs

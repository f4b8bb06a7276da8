// The residual blocks composed of a table's own primitives: what they mean, and what runs where a device has nothing faster.
#pragma once

#include "kernels/api/network.h"

namespace qs::kernels {

// Pieces of the scratch memory of a block, one after the other.
template <class Real>
struct NormalisedInput {
  Real* y;           // [T][D][B], layer_norm(x)
  Real* normalised;  // [T][D][B]; later whatever has this shape
  Real* rest;

  NormalisedInput(Real* scratch, std::int64_t values) : y(scratch), normalised(scratch + values), rest(scratch + 2 * values) {}
};

template <class Real>
void compose_mlp_residual(const NetworkTable<Real>& table, MlpShape s, MlpWeights<Real> w, Real* x, Real* scratch) {
  const std::int64_t lanes = std::int64_t{s.tokens} * s.rows;
  const NormalisedInput<Real> input(scratch, lanes * s.width);
  Real* rstd = input.rest;
  Real* hidden = rstd + lanes;
  table.layer_norm(s.tokens, s.width, s.rows, x, w.norm.scale, w.norm.bias, input.y, input.normalised, rstd);
  table.dense({s.tokens, s.width, s.hidden, s.rows}, input.y, w.up.kernel, w.up.bias, hidden, Write::overwrite);
  table.gelu(lanes * s.hidden, hidden, hidden);
  table.dense({s.tokens, s.hidden, s.width, s.rows}, hidden, w.down.kernel, w.down.bias, x, Write::accumulate);
}

template <class Real>
void compose_mixing_residual(const NetworkTable<Real>& table, MixShape s, MixingWeights<Real> w, Real* x, Real* scratch) {
  const std::int64_t lanes = std::int64_t{s.tokens} * s.rows;
  const int width = s.heads * s.head_width;
  const DenseShape square{s.tokens, width, width, s.rows};
  const NormalisedInput<Real> input(scratch, lanes * width);
  Real* rstd = input.rest;
  table.layer_norm(s.tokens, width, s.rows, x, w.norm.scale, w.norm.bias, input.y, input.normalised, rstd);
  Real* value = input.normalised;  // no longer needed
  Real* mixed = input.y;
  table.dense(square, input.y, w.value.kernel, w.value.bias, value, Write::overwrite);
  table.mix_tokens(s, value, w.alpha, w.index, mixed);
  table.dense(square, mixed, w.out.kernel, w.out.bias, x, Write::accumulate);
}

template <class Real>
void compose_attention_residual(const NetworkTable<Real>& table, AttentionShape s, AttentionWeights<Real> w, Real* x, Real* scratch) {
  const std::int64_t lanes = std::int64_t{s.tokens} * s.rows;
  const int width = s.heads * s.head_width;
  const DenseShape square{s.tokens, width, width, s.rows};
  const NormalisedInput<Real> input(scratch, lanes * width);
  Real* query = input.normalised;  // no longer needed
  Real* key = input.rest;
  Real* value = key + lanes * width;
  Real* probability = value + lanes * width;
  table.layer_norm(s.tokens, width, s.rows, x, w.norm.scale, w.norm.bias, input.y, input.normalised, probability);
  table.dense(square, input.y, w.query.kernel, w.query.bias, query, Write::overwrite);
  table.dense(square, input.y, w.key.kernel, w.key.bias, key, Write::overwrite);
  table.dense(square, input.y, w.value.kernel, w.value.bias, value, Write::overwrite);
  Real* mixed = input.y;
  table.attention(s, query, key, value, probability, mixed);
  table.dense(square, mixed, w.out.kernel, w.out.bias, x, Write::accumulate);
}

}  // namespace qs::kernels

// The residual blocks of an encoder, forward only: all that log psi itself needs of them. The specification is the sequence of primitives of
// kernels/api/network.h that stands with each; a device may keep what lies between the first read of x and its last write in its fastest memory
// instead of in `scratch` (kernels/cuda does, where the block fits). Layout, alignment and aliasing as in network.h. Instantiated for Real = float
// and double.
#pragma once

#include <cstdint>

#include "kernels/api/network.h"

namespace qs::kernels {

template <class Real>
struct LayerNormWeights {
  const Real* scale;  // [D]
  const Real* bias;
};
template <class Real>
struct DenseWeights {
  const Real* kernel;  // [in][out]
  const Real* bias;    // [out]
};

struct MlpShape {
  int tokens, width, hidden, rows;
};
template <class Real>
struct MlpWeights {
  LayerNormWeights<Real> norm;
  DenseWeights<Real> up, down;
};
// x[t] += down(gelu(up(layer_norm(x[t])))) for every token t; x [T][D][B].
template <class Real>
void mlp_residual(Device device, MlpShape shape, MlpWeights<Real> weights, Real* x, Real* scratch);
std::int64_t mlp_residual_scratch(MlpShape shape);  // values

template <class Real>
struct MixingWeights {
  LayerNormWeights<Real> norm;
  DenseWeights<Real> value;
  const Real* alpha;          // [H][n_alpha]
  const std::int32_t* index;  // [T][T], see mix_tokens
  DenseWeights<Real> out;
};
// Factored attention: x += out(mix_tokens(value(layer_norm(x)))).
template <class Real>
void mixing_residual(Device device, MixShape shape, MixingWeights<Real> weights, Real* x, Real* scratch);
std::int64_t mixing_residual_scratch(MixShape shape);  // values

template <class Real>
struct AttentionWeights {
  LayerNormWeights<Real> norm;
  DenseWeights<Real> query, key, value, out;
};
// Softmax attention: x += out(attention(query, key and value of layer_norm(x))).
template <class Real>
void attention_residual(Device device, AttentionShape shape, AttentionWeights<Real> weights, Real* x, Real* scratch);
std::int64_t attention_residual_scratch(AttentionShape shape);  // values

}  // namespace qs::kernels

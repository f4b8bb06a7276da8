// Sizes, tensors and names of a Q-stage network, all that follows from its options without a weight.
#pragma once

#include <string>
#include <vector>

#include "engine/wavefunctions/layers/backflow_determinant.h"
#include "engine/wavefunctions/patches.h"
#include "engine/wavefunctions/qstage.h"
#include "engine/wavefunctions/tensor_spec.h"

namespace qs {

// The couplings enter directly after this block; shallower networks have no cross-attention.
inline constexpr int kCrossBlock = 1;
inline constexpr const char* kCross = "CrossAttentionParams_0/MultiHeadDotProductAttention_0";

struct QstagePlan {
  QstageOptions options;
  int sites = 0;                          // tokens before the tails
  int features = 0;                       // components of the parameter token
  std::vector<std::vector<int>> columns;  // of every tail
  ModeDisplacements displacements;        // of factored attention

  int outputs() const { return options.amplitude == Amplitude::complex ? 2 : 1; }
  bool determinant() const { return options.amplitude == Amplitude::determinant; }
  bool factored() const { return options.attention == QstageAttention::factored; }
  bool crossed() const { return options.conditioning == Conditioning::token && options.depth > kCrossBlock; }
  bool shifted() const { return options.conditioning == Conditioning::blocks; }
  int tails() const { return static_cast<int>(columns.size()); }
  // The stream holds the sites, their sum where that is what is pooled, and the tails. The pooling layers read it from `first_pooled` on.
  int first_pooled() const { return options.pooling == Pooling::sum ? sites : 0; }
  int first_tail_token() const { return options.pooling == Pooling::sum ? sites + 1 : sites; }
  int stream_tokens() const { return first_tail_token() + tails(); }
  int pooled_inputs() const { return (stream_tokens() - first_pooled()) * options.d_model; }
  DeterminantSizes determinant_sizes() const { return {sites, options.d_model, options.orbitals, features, options.mlp}; }
  // flax numbers the top-level dense layers in order of creation: parameter token, tails, three pooling layers.
  std::string dense_path(int k) const { return "Dense_" + std::to_string(k); }
  int first_tail() const { return crossed() ? 1 : 0; }
  int first_pool() const { return first_tail() + tails(); }
};

// InputError on sizes that do not fit, unknown features, or a system without features.
QstagePlan make_qstage_plan(const QstageOptions& options, const NetworkInput& input);

// Where the tensors of block `block` begin.
std::string block_path(int block);
// The network that turns couplings into the shift before a block.
std::string shift_path(int block);
std::vector<TensorSpec> qstage_specs(const QstagePlan& plan);
// Tensors that exist and never matter.
std::vector<std::string> dead_tensors(const QstagePlan& plan);

}  // namespace qs

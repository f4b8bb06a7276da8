#include "engine/wavefunctions/qstage_plan.h"
#include "engine/wavefunctions/qstage.h"

#include "engine/base/error.h"
#include "engine/wavefunctions/checks.h"
#include "engine/wavefunctions/layers/coupling_shift.h"
#include "engine/wavefunctions/layers/dense.h"
#include "engine/wavefunctions/layers/layer_norm.h"
#include "engine/wavefunctions/layers/self_attention.h"
#include "engine/wavefunctions/layers/token_embedding.h"

namespace qs {
namespace {

void declare_mixing(std::vector<TensorSpec>& specs, const QstagePlan& plan, const std::string& path) {
  const int width = plan.options.d_model, heads = plan.options.heads, displacements = plan.displacements.count;
  if (!plan.factored()) {
    declare_attention(specs, path + "SelfAttention_0", width, heads);
    return;
  }
  for (const char* name : {"v", "W"}) Dense<double>::declare(specs, path + "FactoredAttention_0/" + name, width, width, Initial::lecun_normal(width));
  specs.push_back({path + "FactoredAttention_0/alpha", {heads, displacements}, Initial::xavier_uniform(heads, displacements)});
}

}  // namespace

QstagePlan make_qstage_plan(const QstageOptions& options, const NetworkInput& input) {
  require_heads_divide(options.heads, options.d_model);
  if (input.feature_names.empty()) {
    throw InputError("wavefunction.kind qstage needs at least one coupling (its parameter token reads them); choose another kind for this system");
  }
  if (options.amplitude == Amplitude::determinant) {
    if (options.orbitals > input.modes)
      throw InputError("wavefunction.orbitals is larger than the number of modes (a determinant has a row per particle); lower it");
  }
  QstagePlan plan{options, input.modes, static_cast<int>(input.feature_names.size()), {}, {}};
  if (plan.factored()) plan.displacements = mode_displacements(input);
  for (const std::vector<std::string>& tail : options.tails) {
    if (tail.empty()) throw InputError("wavefunction.tail has an empty token (it would be a constant); name at least one coupling in it");
    plan.columns.push_back(feature_columns("tail", tail, input));
  }
  return plan;
}

std::string block_path(int block) { return "ResidualSelfAttention_" + std::to_string(block) + "/"; }
std::string shift_path(int block) { return block_path(block) + "CouplingShift_0"; }

std::vector<TensorSpec> qstage_specs(const QstagePlan& plan) {
  const int width = plan.options.d_model;
  const int hidden = plan.options.mlp;
  std::vector<TensorSpec> specs;
  const auto dense = [&](const std::string& path, int in, int out) { Dense<double>::declare(specs, path, in, out, Initial::lecun_normal(in)); };

  TokenEmbedding<double>::declare(specs, plan.sites, width);
  for (int b = 0; b < plan.options.depth; ++b) {
    const std::string path = block_path(b);
    LayerNorm<double>::declare(specs, path + "LayerNorm_0", width);
    LayerNorm<double>::declare(specs, path + "LayerNorm_1", width);
    declare_mixing(specs, plan, path);
    if (plan.shifted()) CouplingShift<double>::declare(specs, shift_path(b), plan.features, hidden, width);
    dense(path + "Dense_0", width, hidden);
    dense(path + "Dense_1", hidden, width);
  }
  if (plan.crossed()) {
    dense(plan.dense_path(0), plan.features, width);
    declare_attention(specs, kCross, width, plan.options.heads);
  }
  for (int k = 0; k < plan.tails(); ++k) dense(plan.dense_path(plan.first_tail() + k), static_cast<int>(plan.columns[k].size()), width);
  dense(plan.dense_path(plan.first_pool()), plan.pooled_inputs(), hidden);
  dense(plan.dense_path(plan.first_pool() + 1), hidden, width);
  LayerNorm<double>::declare(specs, "LayerNorm_0", width);
  dense(plan.dense_path(plan.first_pool() + 2), width, plan.outputs());
  if (plan.determinant()) BackflowDeterminant<double>::declare(specs, plan.determinant_sizes());
  sort_by_path(specs);
  return specs;
}

// A softmax over the single key is 1: queries and keys of the cross-attention are stored but never matter.
std::vector<std::string> dead_tensors(const QstagePlan& plan) {
  std::vector<std::string> paths;
  if (!plan.crossed()) return paths;
  for (const char* name : {"/key/kernel", "/key/bias", "/query/kernel", "/query/bias"}) paths.push_back(std::string(kCross) + name);
  return paths;
}

}  // namespace qs

// x_p = Dense(patch p); per layer x += W concat_h(A_h V_h)(LN_1 x), x += Dense(gelu(Dense(LN_2 x)));
// z = LN(sum_p x_p); u = LN(W0 z + b0) + i LN(W1 z + b1); log psi = sum_d log_cosh(u_d).
#include "engine/wavefunctions/vit.h"

#include <numeric>
#include <utility>

#include "engine/wavefunctions/checks.h"
#include "engine/wavefunctions/layers/factored_attention.h"
#include "engine/wavefunctions/layers/mlp.h"
#include "engine/wavefunctions/patch_network.h"
#include "engine/wavefunctions/patches.h"

namespace qs {
namespace {

// Everything the sizes follow from, checked.
struct VitPlan {
  VitOptions options;
  Patches patches;
  std::vector<int> columns;  // of the couplings

  int inputs() const { return patches.entries + static_cast<int>(columns.size()); }
  bool general() const { return options.attention == VitAttention::factored_full; }
};

VitPlan make_plan(const VitOptions& options, const NetworkInput& input) {
  require_heads_divide(options.heads, options.d_model);
  return {options, make_patches(input, options.patch), feature_columns("couplings", options.couplings, input)};
}

// index[p][q] of the mixing parameters.
std::vector<std::int32_t> mixing_index(const VitPlan& plan) {
  if (!plan.general()) return plan.patches.displacement;
  std::vector<std::int32_t> index(std::size_t(plan.patches.tokens) * plan.patches.tokens);
  std::iota(index.begin(), index.end(), 0);
  return index;
}

// Fans of flax: the last two axes times the product of the others.
TensorSpec mixing_matrices(const VitPlan& plan, std::string path) {
  const int heads = plan.options.heads, tokens = plan.patches.tokens;
  if (plan.general()) return {std::move(path), {heads, tokens, tokens}, Initial::xavier_uniform(double(heads) * tokens, double(heads) * tokens)};
  return {std::move(path), {heads, tokens}, Initial::xavier_uniform(heads, tokens)};
}

template <class Real>
class Vit final : public PatchNetwork<Real, Dense<Real>> {
 public:
  Vit(const VitPlan& plan, const NetworkInput& input, Device device)
      : PatchNetwork<Real, Dense<Real>>(device, JacobianMode::complex_log, input,
                                        {plan.patches.tokens, plan.options.d_model, plan.patches.modes, plan.columns}) {
    const int tokens = plan.patches.tokens, width = plan.options.d_model;
    this->embedding_.emplace(this->layer(), xavier_dense("Embed_0/embed", plan.inputs(), width), tokens);
    for (int k = 0; k < plan.options.layers; ++k) {
      const std::string path = "Encoder_0/layers_" + std::to_string(k) + "/";
      const FactoredAttentionSpec attention = {path + "layer_norm_1", xavier_dense(path + "attn/v", width, width),
                                               mixing_matrices(plan, path + "attn/alpha"), xavier_dense(path + "attn/W", width, width)};
      this->layers_.add(std::make_unique<FactoredAttentionResidual<Real>>(this->layer_in_turn(), attention, tokens, mixing_index(plan)));
      this->layers_.add(std::make_unique<MlpResidual<Real>>(this->layer_in_turn(), path + "layer_norm_2",
                                                            xavier_dense(path + "ff/layers_0", width, 4 * width),
                                                            xavier_dense(path + "ff/layers_2", 4 * width, width), tokens));
    }
    this->head_.emplace(this->layer(), "OuputHead_0", tokens, width, HeadParts::complex);
    this->plan();
  }

  std::string kind() const override { return wavefunction_entry<VitOptions>().name; }
};

}  // namespace

std::unique_ptr<Wavefunction> make_vit(const VitOptions& options, const NetworkInput& input, Precision precision, Device device) {
  const VitPlan plan = make_plan(options, input);
  if (precision == Precision::float32) return std::make_unique<Vit<float>>(plan, input, device);
  return std::make_unique<Vit<double>>(plan, input, device);
}

}  // namespace qs

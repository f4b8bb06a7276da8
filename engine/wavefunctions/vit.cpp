// x_p = Dense(patch p); per layer x += W concat_h(A_h V_h)(LN_1 x), x += Dense(gelu(Dense(LN_2 x)));
// z = LN(sum_p x_p); u = LN(W0 z + b0) + i LN(W1 z + b1); log psi = sum_d log_cosh(u_d).
#include "engine/wavefunctions/vit.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "engine/wavefunctions/checks.h"
#include "engine/wavefunctions/layers/dense.h"
#include "engine/wavefunctions/layers/factored_attention.h"
#include "engine/wavefunctions/layers/layer_norm.h"
#include "engine/wavefunctions/layers/log_cosh_head.h"
#include "engine/wavefunctions/layers/mlp.h"
#include "engine/wavefunctions/network.h"
#include "engine/wavefunctions/patches.h"

namespace qs {
namespace {

constexpr const char* kHead = "OuputHead_0";

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

std::string layer_path(int layer) { return "Encoder_0/layers_" + std::to_string(layer) + "/"; }

std::vector<TensorSpec> vit_specs(const VitPlan& plan) {
  const int width = plan.options.d_model;
  const int heads = plan.options.heads;
  const int tokens = plan.patches.tokens;
  std::vector<TensorSpec> specs;
  const auto dense = [&](const std::string& path, int in, int out) {
    Dense<double>::declare(specs, path, in, out, Initial::xavier_uniform(in, out));
  };
  const auto norm = [&](const std::string& path) { LayerNorm<double>::declare(specs, path, width); };

  dense("Embed_0/embed", plan.inputs(), width);
  for (int k = 0; k < plan.options.layers; ++k) {
    const std::string path = layer_path(k);
    norm(path + "layer_norm_1");
    norm(path + "layer_norm_2");
    dense(path + "attn/v", width, width);
    dense(path + "attn/W", width, width);
    // Fans of flax: the last two axes times the product of the others.
    if (plan.general()) {
      specs.push_back({path + "attn/alpha", {heads, tokens, tokens}, Initial::xavier_uniform(double(heads) * tokens, double(heads) * tokens)});
    } else {
      specs.push_back({path + "attn/alpha", {heads, tokens}, Initial::xavier_uniform(heads, tokens)});
    }
    dense(path + "ff/layers_0", width, 4 * width);
    dense(path + "ff/layers_2", 4 * width, width);
  }
  LogCoshHead<double>::declare(specs, kHead, width, HeadParts::complex);
  sort_by_path(specs);
  return specs;
}

// index[p][q] of the mixing parameters.
std::vector<std::int32_t> mixing_index(const VitPlan& plan) {
  if (!plan.general()) return plan.patches.displacement;
  std::vector<std::int32_t> index(std::size_t(plan.patches.tokens) * plan.patches.tokens);
  std::iota(index.begin(), index.end(), 0);
  return index;
}

template <class Real>
struct VitLayer {
  VitLayer(const Tensors& tensors, const VitPlan& plan, const std::string& path)
      : attention(tensors, {path + "layer_norm_1", path + "attn/v", path + "attn/alpha", path + "attn/W"}, plan.options.d_model, plan.options.heads,
                  plan.patches.tokens, mixing_index(plan)),
        mlp(tensors, {path + "layer_norm_2", path + "ff/layers_0", path + "ff/layers_2"}, plan.patches.tokens, plan.options.d_model) {}

  FactoredAttentionResidual<Real> attention;
  MlpResidual<Real> mlp;
};

template <class Real>
class Vit final : public Network<Real> {
 public:
  Vit(VitPlan plan, const NetworkInput& input, Device device)
      : Network<Real>(device, JacobianMode::complex_log, vit_specs(plan), {}, input),
        plan_(std::move(plan)),
        modes_(this->indices(plan_.patches.modes)),
        columns_(this->indices(plan_.columns)),
        embed_(this->tensors(), "Embed_0/embed", plan_.inputs()),
        head_(this->tensors(), kHead, plan_.patches.tokens, plan_.options.d_model, HeadParts::complex) {
    for (int k = 0; k < plan_.options.layers; ++k) layers_.emplace_back(this->tensors(), plan_, layer_path(k));
    this->plan();
  }

  std::string kind() const override { return "vit"; }
  double flops_per_evaluation() const override {
    double flops = embed_.flops(tokens()) + head_.flops();
    for (const VitLayer<Real>& layer : layers_) flops += layer.attention.flops() + layer.mlp.flops();
    return flops;
  }

 private:
  using typename Network<Real>::Chunk;
  using typename Network<Real>::LogPsi;
  using typename Network<Real>::Cotangent;

  struct LayerSaved {
    typename FactoredAttentionResidual<Real>::Saved attention;
    typename MlpResidual<Real>::Saved mlp;
  };
  struct Buffers {
    Real* patches;  // [T][entries + couplings][B]
    Real* x;        // [T][D][B], the residual stream
    typename LogCoshHead<Real>::Saved head;
    Arena<Real> layers;  // what the layers keep, or their scratch memory
  };

  int tokens() const { return plan_.patches.tokens; }
  std::size_t stream_values(int rows) const { return std::size_t(tokens()) * plan_.options.d_model * rows; }

  // All layers have the same shapes.
  LayerSaved carve_layer(Arena<Real>& arena, int rows) const {
    LayerSaved saved;
    saved.attention = layers_.front().attention.carve(arena, rows);
    saved.mlp = layers_.front().mlp.carve(arena, rows);
    return saved;
  }
  std::size_t layer_values(int rows) const {
    Arena<Real> count;
    carve_layer(count, rows);
    return count.used();
  }
  LayerSaved layer_saved(const Buffers& buffers, std::size_t layer, int rows) const {
    Arena<Real> arena = buffers.layers;
    arena.take(layer * layer_values(rows));
    return carve_layer(arena, rows);
  }
  // Where only log psi is wanted, everything that the blocks need besides x: they use it in turn.
  std::size_t evaluation_values(int rows) const {
    return std::max(layers_.front().attention.evaluation_values(rows), layers_.front().mlp.evaluation_values(rows));
  }

  Buffers carve(Arena<Real>& arena, int rows, Pass pass) const {
    Buffers buffers;
    buffers.patches = arena.take(std::size_t(tokens()) * plan_.inputs() * rows);
    buffers.x = arena.take(stream_values(rows));
    buffers.head = head_.carve(arena, rows);
    buffers.layers = arena;
    arena.take(pass == Pass::differentiate ? layer_values(rows) * layers_.size() : evaluation_values(rows));
    return buffers;
  }

  std::size_t arena_values(int rows, Pass pass) const override {
    Arena<Real> count;
    carve(count, rows, pass);
    const VitLayer<Real>& layer = layers_.front();
    const std::size_t scratch = std::max({head_.scratch_values(rows), layer.attention.scratch_values(rows), layer.mlp.scratch_values(rows)});
    return count.used() + (pass == Pass::differentiate ? scratch : 0);
  }

  void load(std::span<const double> parameters) override {
    embed_.load(parameters);
    for (VitLayer<Real>& layer : layers_) {
      layer.attention.load(parameters);
      layer.mlp.load(parameters);
    }
    head_.load(parameters);
  }

  void fill_patches(const Chunk& chunk, Real* patches) const {
    const std::size_t entries = static_cast<std::size_t>(plan_.patches.entries);
    for (int p = 0; p < tokens(); ++p) {
      Real* patch = patches + std::size_t(p) * plan_.inputs() * chunk.lanes.rows;
      this->unpack(chunk, modes_.data() + p * entries, entries, patch);
      this->fill_features(chunk, columns_, patch + entries * chunk.lanes.rows);
    }
  }

  void forward(const Chunk& chunk, Pass pass, Arena<Real> arena, LogPsi out) const override {
    const Lanes lanes = chunk.lanes;
    const Buffers buffers = carve(arena, lanes.rows, pass);
    fill_patches(chunk, buffers.patches);
    embed_.forward(lanes, tokens(), buffers.patches, buffers.x);
    for (std::size_t k = 0; k < layers_.size(); ++k) run_layer(k, lanes, pass, buffers);
    head_.forward(lanes, buffers.x, buffers.head, out.re, out.im);
  }

  void run_layer(std::size_t k, Lanes lanes, Pass pass, const Buffers& buffers) const {
    const VitLayer<Real>& layer = layers_[k];
    if (pass == Pass::evaluate) {
      layer.attention.evaluate(lanes, buffers.x, buffers.layers);
      layer.mlp.evaluate(lanes, buffers.x, buffers.layers);
      return;
    }
    const LayerSaved saved = layer_saved(buffers, k, lanes.rows);
    layer.attention.forward(lanes, buffers.x, saved.attention);
    layer.mlp.forward(lanes, buffers.x, saved.mlp);
  }

  void backward(const Chunk& chunk, Arena<Real> arena, Cotangent cotangent, const Gradient<Real>& gradient) const override {
    const Lanes lanes = chunk.lanes;
    const Buffers buffers = carve(arena, lanes.rows, Pass::differentiate);
    Real* dx = buffers.x;  // the stream itself is not needed: every layer saved its own input
    head_.backward(lanes, buffers.head, cotangent.re, cotangent.im, dx, arena, gradient);
    for (std::size_t k = layers_.size(); k-- > 0;) {
      const LayerSaved saved = layer_saved(buffers, k, lanes.rows);
      layers_[k].mlp.backward(lanes, dx, saved.mlp, arena, gradient);
      layers_[k].attention.backward(lanes, dx, saved.attention, arena, gradient);
    }
    embed_.backward_weights(lanes, tokens(), buffers.patches, dx, gradient);
  }

  VitPlan plan_;
  Buffer<std::int32_t> modes_;    // of all patches
  Buffer<std::int32_t> columns_;  // of the couplings
  Dense<Real> embed_;
  std::vector<VitLayer<Real>> layers_;
  LogCoshHead<Real> head_;
};

}  // namespace

std::unique_ptr<Wavefunction> make_vit(const VitOptions& options, const NetworkInput& input, Precision precision, Device device) {
  VitPlan plan = make_plan(options, input);
  if (precision == Precision::float32) return std::make_unique<Vit<float>>(std::move(plan), input, device);
  return std::make_unique<Vit<double>>(std::move(plan), input, device);
}

}  // namespace qs

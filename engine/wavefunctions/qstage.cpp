// x_i = embedding[s_i] + pos_i; per block x += SelfAttn(LN x), x += Dense(gelu(Dense(LN x))); after block 1 x += out(value(Dense(couplings)));
// g = Dense_a(concat(x, tails)); psi or (Re, Im) = Dense_c(LN(Dense_b(gelu g))); or psi = exp(Re) det(orbitals + LN(x) W).
#include "engine/wavefunctions/qstage.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "engine/wavefunctions/checks.h"
#include "engine/wavefunctions/layers/amplitude_head.h"
#include "engine/wavefunctions/layers/backflow_determinant.h"
#include "engine/wavefunctions/layers/dense.h"
#include "engine/wavefunctions/layers/mlp.h"
#include "engine/wavefunctions/layers/parameter_token.h"
#include "engine/wavefunctions/layers/self_attention.h"
#include "engine/wavefunctions/layers/token_embedding.h"
#include "engine/wavefunctions/network.h"

namespace qs {
namespace {

// The couplings enter directly after this block; shallower networks have no cross-attention.
constexpr int kCrossBlock = 1;
constexpr const char* kCross = "CrossAttentionParams_0/MultiHeadDotProductAttention_0";

struct QstagePlan {
  QstageOptions options;
  int sites = 0;                          // tokens before the tails
  int features = 0;                       // components of the parameter token
  std::vector<std::vector<int>> columns;  // of every tail

  int outputs() const { return options.amplitude == Amplitude::complex ? 2 : 1; }
  bool determinant() const { return options.amplitude == Amplitude::determinant; }
  bool crossed() const { return options.depth > kCrossBlock; }
  int tails() const { return static_cast<int>(columns.size()); }
  // flax numbers the top-level dense layers in order of creation: parameter token, tails, three pooling layers.
  std::string dense_path(int k) const { return "Dense_" + std::to_string(k); }
  int first_tail() const { return crossed() ? 1 : 0; }
  int first_pool() const { return first_tail() + tails(); }
};

QstagePlan make_plan(const QstageOptions& options, const NetworkInput& input) {
  require_positive("depth", options.depth);
  require_positive("mlp", options.mlp);
  require_heads_divide(options.heads, options.d_model);
  if (input.feature_names.empty()) {
    throw InputError("wavefunction.kind qstage needs at least one coupling (its parameter token reads them); choose another kind for this system");
  }
  if (options.amplitude == Amplitude::determinant) {
    require_positive("orbitals", options.orbitals);
    if (options.orbitals > input.modes)
      throw InputError("wavefunction.orbitals is larger than the number of modes (a determinant has a row per particle); lower it");
  }
  QstagePlan plan{options, input.modes, static_cast<int>(input.feature_names.size()), {}};
  for (const std::vector<std::string>& tail : options.tails) {
    if (tail.empty()) throw InputError("wavefunction.tails has an empty token (it would be a constant); name at least one coupling in it");
    plan.columns.push_back(feature_columns("tails", tail, input));
  }
  return plan;
}

std::string block_path(int block) { return "ResidualSelfAttention_" + std::to_string(block) + "/"; }

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
    declare_attention(specs, path + "SelfAttention_0", width, plan.options.heads);
    dense(path + "Dense_0", width, hidden);
    dense(path + "Dense_1", hidden, width);
  }
  if (plan.crossed()) {
    dense(plan.dense_path(0), plan.features, width);
    declare_attention(specs, kCross, width, plan.options.heads);
  }
  for (int k = 0; k < plan.tails(); ++k) dense(plan.dense_path(plan.first_tail() + k), static_cast<int>(plan.columns[k].size()), width);
  dense(plan.dense_path(plan.first_pool()), (plan.sites + plan.tails()) * width, hidden);
  dense(plan.dense_path(plan.first_pool() + 1), hidden, width);
  LayerNorm<double>::declare(specs, "LayerNorm_0", width);
  dense(plan.dense_path(plan.first_pool() + 2), width, plan.outputs());
  if (plan.determinant()) BackflowDeterminant<double>::declare(specs, plan.sites, width, plan.options.orbitals);
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

// 0, 1, ..., count - 1
std::vector<std::int32_t> first_integers(int count) {
  std::vector<std::int32_t> list(static_cast<std::size_t>(count));
  std::iota(list.begin(), list.end(), 0);
  return list;
}

template <class Real>
struct QstageBlock {
  QstageBlock(const Tensors& tensors, const QstagePlan& plan, const std::string& path)
      : attention(tensors, path + "LayerNorm_0", path + "SelfAttention_0", plan.options.d_model, plan.options.heads, plan.sites),
        mlp(tensors, {path + "LayerNorm_1", path + "Dense_0", path + "Dense_1"}, plan.sites, plan.options.d_model) {}

  SelfAttentionResidual<Real> attention;
  MlpResidual<Real> mlp;
};

template <class Real>
class Qstage final : public Network<Real> {
 public:
  Qstage(QstagePlan plan, const NetworkInput& input, Device device)
      : Network<Real>(device, plan.options.amplitude == Amplitude::complex ? JacobianMode::complex_log : JacobianMode::real_log, qstage_specs(plan),
                      dead_tensors(plan), input),
        plan_(std::move(plan)),
        width_(plan_.options.d_model),
        modes_(this->indices(first_integers(plan_.sites))),
        all_columns_(this->indices(first_integers(plan_.features))),
        embedding_(this->tensors(), plan_.sites, width_),
        head_(
            this->tensors(),
            {plan_.dense_path(plan_.first_pool()), plan_.dense_path(plan_.first_pool() + 1), "LayerNorm_0", plan_.dense_path(plan_.first_pool() + 2)},
            (plan_.sites + plan_.tails()) * width_, plan_.determinant() ? HeadOutput::log_psi : HeadOutput::psi) {
    const Tensors tensors = this->tensors();
    if (plan_.determinant()) determinant_.emplace(tensors, plan_.sites, width_, plan_.options.orbitals);
    for (int b = 0; b < plan_.options.depth; ++b) blocks_.emplace_back(tensors, plan_, block_path(b));
    if (plan_.crossed()) cross_.emplace(tensors, plan_.dense_path(0), kCross, plan_.features, plan_.sites);
    for (int k = 0; k < plan_.tails(); ++k) {
      tails_.emplace_back(tensors, plan_.dense_path(plan_.first_tail() + k), static_cast<int>(plan_.columns[k].size()));
      tail_columns_.push_back(this->indices(plan_.columns[k]));
    }
    this->plan();
  }

  std::string kind() const override { return "qstage"; }
  double flops_per_evaluation() const override {
    double flops = head_.flops() + (cross_ ? cross_->flops() : 0.0) + (determinant_ ? determinant_->flops() : 0.0);
    for (const QstageBlock<Real>& block : blocks_) flops += block.attention.flops() + block.mlp.flops();
    for (const Dense<Real>& tail : tails_) flops += tail.flops(1);
    return flops;
  }

 private:
  using typename Network<Real>::Chunk;
  using typename Network<Real>::LogPsi;
  using typename Network<Real>::Cotangent;

  struct BlockSaved {
    typename SelfAttentionResidual<Real>::Saved attention;
    typename MlpResidual<Real>::Saved mlp;
  };
  struct Buffers {
    Real* spins;        // [L][B]
    Real* x;            // [L + tails][D][B], the residual stream followed by the tail tokens
    Real* dx;           // as x, only when differentiating
    Real* couplings;    // [features][B]
    Real* tail_inputs;  // [components of all tails][B]
    typename ParameterToken<Real>::Saved cross;
    typename AmplitudeHead<Real>::Saved head;
    typename BackflowDeterminant<Real>::Saved determinant;
    Arena<Real> blocks;  // what the blocks keep
  };

  std::size_t stream_values(int rows) const { return std::size_t(plan_.sites + plan_.tails()) * width_ * rows; }

  BlockSaved carve_block(Arena<Real>& arena, int rows, Pass pass) const {
    BlockSaved saved;
    saved.attention = blocks_.front().attention.carve(arena, rows);
    saved.mlp = blocks_.front().mlp.carve(arena, rows, pass);
    return saved;
  }
  std::size_t block_values(int rows, Pass pass) const {
    Arena<Real> count;
    carve_block(count, rows, pass);
    return count.used();
  }
  // All blocks have the same shapes: when only evaluating they share one set of buffers.
  BlockSaved block_saved(const Buffers& buffers, std::size_t block, int rows, Pass pass) const {
    Arena<Real> arena = buffers.blocks;
    if (pass == Pass::differentiate) arena.take(block * block_values(rows, pass));
    return carve_block(arena, rows, pass);
  }

  Buffers carve(Arena<Real>& arena, int rows, Pass pass) const {
    Buffers buffers{};
    std::size_t components = 0;
    for (const Dense<Real>& tail : tails_) components += static_cast<std::size_t>(tail.in());
    buffers.spins = arena.take(std::size_t(plan_.sites) * rows);
    buffers.x = arena.take(stream_values(rows));
    if (pass == Pass::differentiate) buffers.dx = arena.take(stream_values(rows));
    buffers.couplings = arena.take(std::size_t(plan_.features) * rows);
    buffers.tail_inputs = arena.take(components * rows);
    if (cross_) buffers.cross = cross_->carve(arena, rows);
    buffers.head = head_.carve(arena, rows, pass);
    if (determinant_) buffers.determinant = determinant_->carve(arena, rows);
    buffers.blocks = arena;
    arena.take(block_values(rows, pass) * (pass == Pass::differentiate ? blocks_.size() : 1));
    return buffers;
  }

  std::size_t arena_values(int rows, Pass pass) const override {
    Arena<Real> count;
    carve(count, rows, pass);
    if (pass == Pass::evaluate) return count.used();
    const QstageBlock<Real>& block = blocks_.front();
    const std::size_t cross = cross_ ? cross_->scratch_values(rows) : 0, determinant = determinant_ ? determinant_->scratch_values(rows) : 0;
    return count.used() + std::max({block.attention.scratch_values(rows), block.mlp.scratch_values(rows), head_.scratch_values(rows), cross,
                                    determinant, embedding_.scratch_values(rows)});
  }

  void load(std::span<const double> parameters) override {
    embedding_.load(parameters);
    for (QstageBlock<Real>& block : blocks_) {
      block.attention.load(parameters);
      block.mlp.load(parameters);
    }
    if (cross_) cross_->load(parameters);
    for (Dense<Real>& tail : tails_) tail.load(parameters);
    head_.load(parameters);
    if (determinant_) determinant_->load(parameters);
  }

  // Calls body(tail layer, its input, offset of its token) for every tail.
  template <class Body>
  void for_tails(const Buffers& buffers, int rows, const Body& body) const {
    Real* inputs = buffers.tail_inputs;
    for (std::size_t k = 0; k < tails_.size(); ++k) {
      body(k, inputs, (plan_.sites + k) * width_ * rows);
      inputs += std::size_t(tails_[k].in()) * rows;
    }
  }

  void forward(const Chunk& chunk, Pass pass, Arena<Real> arena, LogPsi out) const override {
    const Lanes lanes = chunk.lanes;
    const Buffers buffers = carve(arena, lanes.rows, pass);
    this->unpack(chunk, modes_.data(), modes_.size(), buffers.spins);
    embedding_.forward(lanes, buffers.spins, buffers.x);
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
      const BlockSaved saved = block_saved(buffers, b, lanes.rows, pass);
      blocks_[b].attention.forward(lanes, buffers.x, saved.attention);
      blocks_[b].mlp.forward(lanes, buffers.x, saved.mlp);
      if (b == kCrossBlock) {
        this->fill_features(chunk, all_columns_, buffers.couplings);
        cross_->forward(lanes, buffers.couplings, buffers.x, buffers.cross);
      }
    }
    for_tails(buffers, lanes.rows, [&](std::size_t k, Real* inputs, std::size_t token) {
      this->fill_features(chunk, tail_columns_[k], inputs);
      tails_[k].forward(lanes, 1, inputs, buffers.x + token);
    });
    head_.forward(lanes, buffers.x, buffers.head, out.re, out.im);
    if (determinant_) determinant_->forward(lanes, buffers.spins, buffers.x, buffers.determinant, out.re, out.im);
  }

  void backward(const Chunk& chunk, Arena<Real> arena, Cotangent cotangent, const Gradient<Real>& gradient) const override {
    const Lanes lanes = chunk.lanes;
    const Buffers buffers = carve(arena, lanes.rows, Pass::differentiate);
    Real* dx = buffers.dx;
    head_.backward(lanes, buffers.x, buffers.head, cotangent.re, cotangent.im, dx, arena, gradient);
    for_tails(buffers, lanes.rows,
              [&](std::size_t k, Real* inputs, std::size_t token) { tails_[k].backward_weights(lanes, 1, inputs, dx + token, gradient); });
    if (determinant_) determinant_->backward(lanes, buffers.determinant, cotangent.re, dx, arena, gradient);
    for (std::size_t b = blocks_.size(); b-- > 0;) {
      if (b == kCrossBlock) cross_->backward(lanes, buffers.couplings, dx, buffers.cross, arena, gradient);
      const BlockSaved saved = block_saved(buffers, b, lanes.rows, Pass::differentiate);
      blocks_[b].mlp.backward(lanes, dx, saved.mlp, arena, gradient);
      blocks_[b].attention.backward(lanes, dx, saved.attention, arena, gradient);
    }
    embedding_.backward(lanes, buffers.spins, dx, arena, gradient);
  }

  QstagePlan plan_;
  int width_;
  Buffer<std::int32_t> modes_;
  Buffer<std::int32_t> all_columns_;
  std::vector<Buffer<std::int32_t>> tail_columns_;
  TokenEmbedding<Real> embedding_;
  std::vector<QstageBlock<Real>> blocks_;
  std::optional<ParameterToken<Real>> cross_;
  std::vector<Dense<Real>> tails_;
  AmplitudeHead<Real> head_;
  std::optional<BackflowDeterminant<Real>> determinant_;
};

}  // namespace

std::unique_ptr<Wavefunction> make_qstage(const QstageOptions& options, const NetworkInput& input, Precision precision, Device device) {
  QstagePlan plan = make_plan(options, input);
  if (precision == Precision::float32) return std::make_unique<Qstage<float>>(std::move(plan), input, device);
  return std::make_unique<Qstage<double>>(std::move(plan), input, device);
}

}  // namespace qs

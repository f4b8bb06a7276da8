// x_i = embedding[s_i] + pos_i; per block x += SelfAttn(LN x), x += Dense(gelu(Dense(LN x))); after block 1 x += out(value(Dense(couplings)));
// g = Dense_a(concat(x, tails)); psi or (Re, Im) = Dense_c(LN(Dense_b(gelu g))); or psi = exp(Re) times a determinant (backflow_determinant.h).
#include "engine/wavefunctions/qstage.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "engine/wavefunctions/layers/amplitude_head.h"
#include "engine/wavefunctions/layers/backflow_determinant.h"
#include "engine/wavefunctions/layers/coupling_shift.h"
#include "engine/wavefunctions/layers/dense.h"
#include "engine/wavefunctions/layers/mlp.h"
#include "engine/wavefunctions/layers/parameter_token.h"
#include "engine/wavefunctions/layers/token_embedding.h"
#include "engine/wavefunctions/layers/token_mixing.h"
#include "engine/wavefunctions/network.h"
#include "engine/wavefunctions/qstage_plan.h"

namespace qs {
namespace {

// 0, 1, ..., count - 1
std::vector<std::int32_t> first_integers(int count) {
  std::vector<std::int32_t> list(static_cast<std::size_t>(count));
  std::iota(list.begin(), list.end(), 0);
  return list;
}

template <class Real>
TokenMixingResidual<Real> make_mixing(const Tensors& tensors, const QstagePlan& plan, const std::string& path) {
  const int width = plan.options.d_model, heads = plan.options.heads;
  const std::string norm = path + "LayerNorm_0";
  if (!plan.factored())
    return TokenMixingResidual<Real>(SelfAttentionResidual<Real>(tensors, norm, path + "SelfAttention_0", width, heads, plan.sites));
  const std::string factored = path + "FactoredAttention_0/";
  return TokenMixingResidual<Real>(FactoredAttentionResidual<Real>(tensors, {norm, factored + "v", factored + "alpha", factored + "W"}, width, heads,
                                                                   plan.sites, plan.displacements.index));
}

template <class Real>
struct QstageBlock {
  QstageBlock(const Tensors& tensors, const QstagePlan& plan, int block)
      : mixing(make_mixing<Real>(tensors, plan, block_path(block))),
        mlp(tensors, {block_path(block) + "LayerNorm_1", block_path(block) + "Dense_0", block_path(block) + "Dense_1"}, plan.sites,
            plan.options.d_model) {
    if (plan.shifted()) shift.emplace(tensors, shift_path(block), plan.features, plan.sites);
  }

  std::optional<CouplingShift<Real>> shift;
  TokenMixingResidual<Real> mixing;
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
            plan_.pooled_inputs(), plan_.determinant() ? HeadOutput::log_psi : HeadOutput::psi) {
    const Tensors tensors = this->tensors();
    if (plan_.determinant()) determinant_.emplace(tensors, plan_.determinant_sizes());
    for (int b = 0; b < plan_.options.depth; ++b) blocks_.emplace_back(tensors, plan_, b);
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
    for (const QstageBlock<Real>& block : blocks_) flops += (block.shift ? block.shift->flops() : 0.0) + block.mixing.flops() + block.mlp.flops();
    for (const Dense<Real>& tail : tails_) flops += tail.flops(1);
    return flops;
  }

 private:
  using typename Network<Real>::Chunk;
  using typename Network<Real>::LogPsi;
  using typename Network<Real>::Cotangent;

  struct BlockSaved {
    typename CouplingShift<Real>::Saved shift;
    typename TokenMixingResidual<Real>::Saved mixing;
    typename MlpResidual<Real>::Saved mlp;
  };
  struct Buffers {
    Real* spins;        // [L][B]
    Real* x;            // [tokens][D][B], the residual stream followed by what else is pooled (QstagePlan)
    Real* dx;           // as x, only when differentiating
    Real* couplings;    // [features][B]
    Real* tail_inputs;  // [components of all tails][B]
    typename ParameterToken<Real>::Saved cross;
    typename AmplitudeHead<Real>::Saved head;
    typename BackflowDeterminant<Real>::Saved determinant;
    Arena<Real> blocks;  // what the blocks keep, or their scratch memory
  };

  std::size_t stream_values(int rows) const { return token_offset(plan_.stream_tokens(), rows); }
  std::size_t token_offset(int token, int rows) const { return std::size_t(token) * width_ * rows; }

  // All blocks have the same shapes.
  BlockSaved carve_block(Arena<Real>& arena, int rows) const {
    BlockSaved saved{};
    if (plan_.shifted()) saved.shift = blocks_.front().shift->carve(arena, rows, Pass::differentiate);
    saved.mixing = blocks_.front().mixing.carve(arena, rows);
    saved.mlp = blocks_.front().mlp.carve(arena, rows);
    return saved;
  }
  std::size_t block_values(int rows) const {
    Arena<Real> count;
    carve_block(count, rows);
    return count.used();
  }
  BlockSaved block_saved(const Buffers& buffers, std::size_t block, int rows) const {
    Arena<Real> arena = buffers.blocks;
    arena.take(block * block_values(rows));
    return carve_block(arena, rows);
  }
  // Where only log psi is wanted, everything that a block needs besides x: its layers use it in turn.
  std::size_t evaluation_values(int rows) const {
    const QstageBlock<Real>& block = blocks_.front();
    const std::size_t shift = block.shift ? block.shift->evaluation_values(rows) : 0;
    return std::max({shift, block.mixing.evaluation_values(rows), block.mlp.evaluation_values(rows)});
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
    if (determinant_) buffers.determinant = determinant_->carve(arena, rows, pass);
    buffers.blocks = arena;
    arena.take(pass == Pass::differentiate ? block_values(rows) * blocks_.size() : evaluation_values(rows));
    return buffers;
  }

  std::size_t arena_values(int rows, Pass pass) const override {
    Arena<Real> count;
    carve(count, rows, pass);
    if (pass == Pass::evaluate) return count.used();
    const QstageBlock<Real>& block = blocks_.front();
    const auto scratch = [rows](const auto& layer) { return layer ? layer->scratch_values(rows) : 0; };
    return count.used() + std::max({block.mixing.scratch_values(rows), block.mlp.scratch_values(rows), scratch(block.shift), scratch(cross_),
                                    head_.scratch_values(rows), scratch(determinant_), embedding_.scratch_values(rows)});
  }

  void load(std::span<const double> parameters) override {
    embedding_.load(parameters);
    for (QstageBlock<Real>& block : blocks_) {
      if (block.shift) block.shift->load(parameters);
      block.mixing.load(parameters);
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
      body(k, inputs, token_offset(plan_.first_tail_token() + static_cast<int>(k), rows));
      inputs += std::size_t(tails_[k].in()) * rows;
    }
  }

  void run_block(std::size_t b, Lanes lanes, Pass pass, const Buffers& buffers) const {
    const QstageBlock<Real>& block = blocks_[b];
    if (pass == Pass::evaluate) {
      if (block.shift) block.shift->evaluate(lanes, buffers.couplings, buffers.x, buffers.blocks);
      block.mixing.evaluate(lanes, buffers.x, buffers.blocks);
      block.mlp.evaluate(lanes, buffers.x, buffers.blocks);
      return;
    }
    const BlockSaved saved = block_saved(buffers, b, lanes.rows);
    if (block.shift) block.shift->forward(lanes, buffers.couplings, buffers.x, saved.shift);
    block.mixing.forward(lanes, buffers.x, saved.mixing);
    block.mlp.forward(lanes, buffers.x, saved.mlp);
  }

  void forward(const Chunk& chunk, Pass pass, Arena<Real> arena, LogPsi out) const override {
    const Lanes lanes = chunk.lanes;
    const Buffers buffers = carve(arena, lanes.rows, pass);
    this->unpack(chunk, modes_.data(), modes_.size(), buffers.spins);
    this->fill_features(chunk, all_columns_, buffers.couplings);
    embedding_.forward(lanes, buffers.spins, buffers.x);
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
      run_block(b, lanes, pass, buffers);
      if (cross_ && b == kCrossBlock) cross_->forward(lanes, buffers.couplings, buffers.x, buffers.cross);
    }
    for_tails(buffers, lanes.rows, [&](std::size_t k, Real* inputs, std::size_t token) {
      this->fill_features(chunk, tail_columns_[k], inputs);
      tails_[k].forward(lanes, 1, inputs, buffers.x + token);
    });
    Real* pooled = buffers.x + token_offset(plan_.first_pooled(), lanes.rows);
    if (plan_.options.pooling == Pooling::sum) kernels::network<Real>(lanes.device).sum_tokens(plan_.sites, width_, lanes.rows, buffers.x, pooled);
    head_.forward(lanes, pooled, buffers.head, out.re, out.im);
    if (determinant_) determinant_->forward(lanes, buffers.spins, buffers.couplings, buffers.x, buffers.determinant, out.re, out.im);
  }

  void backward(const Chunk& chunk, Arena<Real> arena, Cotangent cotangent, const Gradient<Real>& gradient) const override {
    const Lanes lanes = chunk.lanes;
    const Buffers buffers = carve(arena, lanes.rows, Pass::differentiate);
    Real* dx = buffers.dx;
    const std::size_t pooled = token_offset(plan_.first_pooled(), lanes.rows);
    head_.backward(lanes, buffers.x + pooled, buffers.head, cotangent.re, cotangent.im, dx + pooled, arena, gradient);
    if (plan_.options.pooling == Pooling::sum)
      kernels::network<Real>(lanes.device).broadcast_tokens(plan_.sites, width_, lanes.rows, dx + pooled, dx, kernels::Write::overwrite);
    for_tails(buffers, lanes.rows,
              [&](std::size_t k, Real* inputs, std::size_t token) { tails_[k].backward_weights(lanes, 1, inputs, dx + token, gradient); });
    if (determinant_) determinant_->backward(lanes, buffers.couplings, buffers.determinant, cotangent.re, dx, arena, gradient);
    for (std::size_t b = blocks_.size(); b-- > 0;) {
      if (cross_ && b == kCrossBlock) cross_->backward(lanes, buffers.couplings, dx, buffers.cross, arena, gradient);
      const BlockSaved saved = block_saved(buffers, b, lanes.rows);
      blocks_[b].mlp.backward(lanes, dx, saved.mlp, arena, gradient);
      blocks_[b].mixing.backward(lanes, dx, saved.mixing, arena, gradient);
      if (blocks_[b].shift) blocks_[b].shift->backward(lanes, buffers.couplings, dx, saved.shift, arena, gradient);
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
  QstagePlan plan = make_qstage_plan(options, input);
  if (precision == Precision::float32) return std::make_unique<Qstage<float>>(std::move(plan), input, device);
  return std::make_unique<Qstage<double>>(std::move(plan), input, device);
}

}  // namespace qs

// x_i = embedding[s_i] + pos_i; per block x += SelfAttn(LN x), x += Dense(gelu(Dense(LN x))); after block 1 x += out(value(Dense(couplings)));
// g = Dense_a(concat(x, tails)); psi or (Re, Im) = Dense_c(LN(Dense_b(gelu g))); or psi = exp(Re) times a determinant (backflow_determinant.h).
#include "engine/wavefunctions/qstage.h"

#include <numeric>
#include <optional>

#include "engine/base/error.h"
#include "engine/wavefunctions/checks.h"
#include "engine/wavefunctions/layers/amplitude_head.h"
#include "engine/wavefunctions/layers/backflow_determinant.h"
#include "engine/wavefunctions/layers/coupling_shift.h"
#include "engine/wavefunctions/layers/factored_attention.h"
#include "engine/wavefunctions/layers/mlp.h"
#include "engine/wavefunctions/layers/parameter_token.h"
#include "engine/wavefunctions/layers/self_attention.h"
#include "engine/wavefunctions/layers/token_embedding.h"
#include "engine/wavefunctions/network.h"
#include "engine/wavefunctions/patches.h"

namespace qs {
namespace {

// The couplings enter directly after this block; shallower networks have no cross-attention.
constexpr int kCrossBlock = 1;

// Everything the sizes follow from, checked.
struct QstagePlan {
  QstageOptions options;
  int sites = 0;                          // tokens before the tails
  int features = 0;                       // components of the parameter token
  std::vector<std::vector<int>> columns;  // of every tail
  ModeDisplacements displacements;        // of factored attention

  int outputs() const { return options.amplitude == Amplitude::complex ? 2 : 1; }
  bool determinant() const { return options.amplitude == Amplitude::determinant; }
  bool started() const { return options.start != OrbitalStart::random; }
  std::size_t start_values() const { return started() ? std::size_t(sites) * options.orbitals : 0; }
  bool factored() const { return options.attention == QstageAttention::factored; }
  bool crossed() const { return options.conditioning == Conditioning::token && options.depth > kCrossBlock; }
  bool shifted() const { return options.conditioning == Conditioning::blocks; }
  bool summed() const { return options.pooling == Pooling::sum; }
  // The stream holds the sites, their sum where that is what is pooled, and the tails. The pooling layers read it from `first_pooled` on.
  int first_pooled() const { return summed() ? sites : 0; }
  int first_tail() const { return summed() ? sites + 1 : sites; }
  int stream_tokens() const { return first_tail() + static_cast<int>(columns.size()); }
};

QstagePlan make_plan(const QstageOptions& options, const NetworkInput& input) {
  require_heads_divide(options.heads, options.d_model);
  if (input.feature_names.empty()) {
    throw InputError("wavefunction.kind qstage needs at least one coupling (its parameter token reads them); choose another kind for this system");
  }
  if (options.amplitude == Amplitude::determinant && options.orbitals > input.modes)
    throw InputError("wavefunction.orbitals is larger than the number of modes (a determinant has a row per particle); lower it");
  QstagePlan plan{options, input.modes, static_cast<int>(input.feature_names.size()), {}, {}};
  if (plan.factored()) plan.displacements = mode_displacements(input);
  for (const std::vector<std::string>& tail : options.tails) {
    if (tail.empty()) throw InputError("wavefunction.tail has an empty token (it would be a constant); name at least one coupling in it");
    plan.columns.push_back(feature_columns("tail", tail, input));
  }
  return plan;
}

// 0, 1, ..., count - 1
std::vector<std::int32_t> first_integers(int count) {
  std::vector<std::int32_t> list(static_cast<std::size_t>(count));
  std::iota(list.begin(), list.end(), 0);
  return list;
}

template <class Real>
class Qstage final : public Network<Real> {
 public:
  Qstage(const QstagePlan& plan, const NetworkInput& input, Device device)
      : Network<Real>(device, plan.outputs() == 2 ? JacobianMode::complex_log : JacobianMode::real_log, input, plan.start_values()),
        sites_(plan.sites),
        width_(plan.options.d_model),
        pooling_(plan.options.pooling),
        embedding_(this->layer(), sites_, width_) {
    const Builder<Real> build = this->layer();
    const std::size_t stream = std::size_t(plan.stream_tokens()) * width_;
    modes_ = build.indices(first_integers(sites_));
    features_ = build.indices(first_integers(plan.features));
    spins_ = build.keep(sites_);
    couplings_ = build.keep(plan.features);
    x_ = build.keep(stream);
    dx_ = build.keep_for_backward(stream);
    // flax numbers the top-level dense layers in order of creation: parameter token, tails, three pooling layers.
    int created = 0;
    const auto dense = [&](int in, int out) { return lecun_dense("Dense_" + std::to_string(created++), in, out); };

    const DenseSpec token = plan.crossed() ? dense(plan.features, width_) : DenseSpec{};
    for (int b = 0; b < plan.options.depth; ++b) {
      add_block(plan, "ResidualSelfAttention_" + std::to_string(b) + "/");
      if (plan.crossed() && b == kCrossBlock)
        residuals_.add(std::make_unique<ParameterToken<Real>>(this->layer(), token, "CrossAttentionParams_0/MultiHeadDotProductAttention_0",
                                                              couplings_, sites_, width_, plan.options.heads));
    }
    for (const std::vector<int>& columns : plan.columns) {
      const std::size_t place = (plan.first_tail() + tails_.size()) * width_;
      tails_.push_back({build.indices(columns), Dense<Real>(build, dense(static_cast<int>(columns.size()), width_), 1), build.keep(columns.size()),
                        x_.after(place), dx_.after(place)});
    }
    const std::size_t first_pooled = std::size_t(plan.first_pooled()) * width_;
    pooled_ = x_.after(first_pooled);
    dpooled_ = dx_.after(first_pooled);
    const DenseSpec first = dense(static_cast<int>(stream - first_pooled), plan.options.mlp), second = dense(plan.options.mlp, width_);
    DenseSpec out = dense(width_, plan.outputs());
    if (plan.started()) out.kernel.initial = Initial::zero();  // the Jastrow factor starts at 1
    head_.emplace(this->layer(), AmplitudeHeadSpec{first, second, "LayerNorm_0", out}, plan.determinant() ? HeadOutput::log_psi : HeadOutput::psi);
    if (plan.determinant())
      determinant_.emplace(this->layer(),
                           DeterminantSizes{sites_, width_, plan.options.orbitals, plan.features, plan.options.mlp, plan.options.start});
    if (plan.started()) add_start(plan);
    this->plan();
  }

  std::string kind() const override { return wavefunction_entry<QstageOptions>().name; }

 private:
  using typename Network<Real>::Chunk;
  using typename Network<Real>::LogPsi;
  using typename Network<Real>::Cotangent;

  // A token that some of the couplings make, for the pooling layers alone.
  struct Tail {
    Buffer<std::int32_t> columns;
    Dense<Real> dense;
    Slot inputs;
    Slot x, dx;
  };

  // The orbitals of the mean field stand behind the features.
  void add_start(const QstagePlan& plan) {
    std::vector<std::int32_t> columns = first_integers(static_cast<int>(plan.start_values()));
    for (std::int32_t& column : columns) column += plan.features;
    start_columns_ = this->layer().indices(columns);
    start_ = this->layer().keep(plan.start_values());
  }

  void add_block(const QstagePlan& plan, const std::string& path) {
    const int heads = plan.options.heads, hidden = plan.options.mlp, displacements = plan.displacements.count;
    if (plan.shifted())
      residuals_.add(
          std::make_unique<CouplingShift<Real>>(this->layer_in_turn(), path + "CouplingShift_0", couplings_, plan.features, hidden, sites_, width_));
    const std::string norm = path + "LayerNorm_0", factored = path + "FactoredAttention_0/";
    if (plan.factored()) {
      const FactoredAttentionSpec attention = {norm,
                                               lecun_dense(factored + "v", width_, width_),
                                               {factored + "alpha", {heads, displacements}, Initial::xavier_uniform(heads, displacements)},
                                               lecun_dense(factored + "W", width_, width_)};
      residuals_.add(std::make_unique<FactoredAttentionResidual<Real>>(this->layer_in_turn(), attention, sites_, plan.displacements.index));
    } else {
      residuals_.add(std::make_unique<SelfAttentionResidual<Real>>(this->layer_in_turn(), norm, path + "SelfAttention_0", sites_, width_, heads));
    }
    residuals_.add(std::make_unique<MlpResidual<Real>>(this->layer_in_turn(), path + "LayerNorm_1", lecun_dense(path + "Dense_0", width_, hidden),
                                                       lecun_dense(path + "Dense_1", hidden, width_), sites_));
  }

  void forward(const Chunk& chunk, LogPsi out) const override {
    Real *spins = chunk.at(spins_), *couplings = chunk.at(couplings_), *x = chunk.at(x_);
    this->unpack(chunk, modes_, spins);
    this->fill_features(chunk, features_, couplings);
    embedding_.forward(chunk, spins, x);
    residuals_.forward(chunk, x);
    for (const Tail& tail : tails_) {
      this->fill_features(chunk, tail.columns, chunk.at(tail.inputs));
      tail.dense.forward(chunk, chunk.at(tail.inputs), chunk.at(tail.x));
    }
    Real* pooled = chunk.at(pooled_);
    if (pooling_ == Pooling::sum) kernels::network<Real>(chunk.device).sum_tokens(sites_, width_, chunk.rows, x, pooled);
    head_->forward(chunk, pooled, out.re, out.im);
    if (!determinant_) return;
    Real* start = start_columns_.size() > 0 ? chunk.at(start_) : nullptr;
    if (start != nullptr) this->fill_features(chunk, start_columns_, start);
    determinant_->forward(chunk, spins, couplings, start, x, out.re, out.im);
  }

  void backward(const Chunk& chunk, Cotangent cotangent) const override {
    Real *dx = chunk.at(dx_), *dpooled = chunk.at(dpooled_);
    head_->backward(chunk, chunk.at(pooled_), cotangent.re, cotangent.im, dpooled);
    if (pooling_ == Pooling::sum)
      kernels::network<Real>(chunk.device).broadcast_tokens(sites_, width_, chunk.rows, dpooled, dx, kernels::Write::overwrite);
    for (const Tail& tail : tails_) tail.dense.backward_weights(chunk, chunk.at(tail.inputs), chunk.at(tail.dx));
    if (determinant_) determinant_->backward(chunk, chunk.at(couplings_), cotangent.re, dx);
    residuals_.backward(chunk, dx);
    embedding_.backward(chunk, chunk.at(spins_), dx);
  }

  int sites_, width_;
  Pooling pooling_;
  Buffer<std::int32_t> modes_, features_, start_columns_;
  TokenEmbedding<Real> embedding_;
  Residuals<Real> residuals_;
  std::vector<Tail> tails_;
  std::optional<AmplitudeHead<Real>> head_;
  std::optional<BackflowDeterminant<Real>> determinant_;
  Slot spins_;             // [L][B]
  Slot couplings_;         // [features][B]
  Slot start_;             // [L][orbitals][B] of the mean field
  Slot x_, dx_;            // [tokens][D][B], the residual stream followed by what else is pooled (QstagePlan)
  Slot pooled_, dpooled_;  // their ends that the pooling layers read
};

}  // namespace

std::unique_ptr<Wavefunction> make_qstage(const QstageOptions& options, const NetworkInput& input, Precision precision, Device device) {
  const QstagePlan plan = make_plan(options, input);
  if (precision == Precision::float32) return std::make_unique<Qstage<float>>(plan, input, device);
  return std::make_unique<Qstage<double>>(plan, input, device);
}

}  // namespace qs

// x_i = W s_i + b, of the sublattice of i perhaps; per block x += Shift(couplings), x += Attention(LN x), x += Dense(gelu(Dense(LN x)));
// with y_i = LN(x_i + Shift(couplings)): log psi = sum_i Dense(gelu(Dense(y_i))) + Dense(gelu(Dense(LN(sum_i y_i)))) + pairs (layers/pair_head.h).
// The second term is bounded, and the same for a configuration and for its repetition on a larger lattice: without it, the weights of two orders that
// repeat themselves would have ratios exponential in the size, exactly, and tunnelling between them does not (t-V rings of 8, 10 and 12 sites, V up
// to 4: 1 - |z|^2 stayed at 4.1e-4 with 1,819, 2,461 and 6,039 parameters alike).
#include "engine/wavefunctions/foundation.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "engine/base/error.h"
#include "engine/wavefunctions/checks.h"
#include "engine/wavefunctions/layers/coupling_shift.h"
#include "engine/wavefunctions/layers/factored_attention.h"
#include "engine/wavefunctions/layers/mlp.h"
#include "engine/wavefunctions/layers/pair_head.h"
#include "engine/wavefunctions/network.h"

namespace qs {
namespace {

constexpr const char* kWhat = "wavefunction.kind foundation";
constexpr const char* kHead = "Head_0/";
constexpr const char* kRest = "Rest_0/";

std::string block_path(int block) { return "Block_" + std::to_string(block) + "/"; }
std::string embedding_path(int sublattice) { return "Embed_" + std::to_string(sublattice); }

// Everything the sizes follow from, checked.
struct FoundationPlan {
  FoundationOptions options;
  PairFeatures pairs;               // of the tokens
  std::vector<std::int32_t> sites;  // of the tokens, sublattice by sublattice
  std::vector<int> tokens;          // of each sublattice
  std::vector<int> columns;         // of the couplings

  int outputs() const { return options.amplitude == FoundationAmplitude::complex ? 2 : 1; }
};

FoundationPlan make_plan(const FoundationOptions& options, const NetworkInput& input) {
  require_heads_divide(options.heads, options.d_model);
  if (input.modes != input.sites)
    throw InputError(std::string(kWhat) + " has one token per site with one mode, spin or occupation, but these sites have two; use qstage");
  FoundationPlan plan{
      options, pair_features(input, kWhat), std::vector<std::int32_t>(input.sites), {}, feature_columns("couplings", options.couplings, input)};
  std::iota(plan.sites.begin(), plan.sites.end(), 0);
  if (options.sites == FoundationSites::alike) {
    plan.tokens = {input.sites};
    return plan;
  }
  const std::vector<int> colour = plan.pairs.sublattice;
  if (colour.empty())
    throw InputError(
        "wavefunction.sites sublattices needs two sublattices, but neighbours of this lattice cannot be told apart by two colours; write alike");
  std::stable_sort(plan.sites.begin(), plan.sites.end(), [&](int i, int j) { return colour[i] < colour[j]; });
  const int second = std::accumulate(colour.begin(), colour.end(), 0);
  plan.tokens = {input.sites - second, second};
  const std::vector<std::int32_t> index = plan.pairs.index;
  for (int p = 0; p < input.sites; ++p)
    for (int q = 0; q < input.sites; ++q) plan.pairs.index[p * input.sites + q] = index[plan.sites[p] * input.sites + plan.sites[q]];
  return plan;
}

template <class Real>
class Foundation final : public Network<Real> {
 public:
  Foundation(const FoundationPlan& plan, const NetworkInput& input, Device device)
      : Network<Real>(device, plan.outputs() == 2 ? JacobianMode::complex_log : JacobianMode::real_log, input),
        sites_(input.sites),
        width_(plan.options.d_model),
        outputs_(plan.outputs()) {
    const Builder<Real> build = this->layer();
    const int features = static_cast<int>(plan.columns.size()), hidden = plan.options.mlp;
    modes_ = build.indices(plan.sites);
    columns_ = build.indices(plan.columns);
    spins_ = build.keep(sites_);
    couplings_ = build.keep(features);
    x_ = build.keep(std::size_t(sites_) * width_);
    normed_ = build.keep(std::size_t(sites_) * width_);
    dnormed_ = build.keep_for_backward(std::size_t(sites_) * width_);
    summed_ = build.keep(width_);
    mean_ = build.keep(width_);
    dmean_ = build.keep_for_backward(width_);
    local_ = build.keep(std::size_t(sites_) * outputs_);
    total_ = build.keep(outputs_);
    std::size_t first = 0;
    for (std::size_t k = 0; k < plan.tokens.size(); ++k) {
      embeddings_.push_back({Dense<Real>(build, lecun_dense(embedding_path(static_cast<int>(k)), 1, width_), plan.tokens[k]), spins_.after(first),
                             x_.after(first * width_)});
      first += plan.tokens[k];
    }
    for (int b = 0; b < plan.options.layers; ++b) add_block(plan, block_path(b), features, hidden);
    const std::string head = kHead;
    if (features > 0) add_shift(head, features, hidden);
    norm_.emplace(this->layer(), head + "LayerNorm_0", sites_, width_);
    head_.emplace(this->layer(), lecun_dense(head + "Dense_0", width_, hidden),
                  dense_spec(head + "Dense_1", hidden, outputs_, Initial::normal(0.1 / std::sqrt(hidden))), sites_);
    const std::string rest = kRest;
    rest_norm_.emplace(this->layer(), rest + "LayerNorm_0", 1, width_);
    rest_.emplace(this->layer(), lecun_dense(rest + "Dense_0", width_, hidden),
                  dense_spec(rest + "Dense_1", hidden, outputs_, Initial::normal(0.1 / std::sqrt(hidden))), 1);
    pairs_.emplace(this->layer(), "Pairs_0", plan.pairs.index, plan.pairs.correlations, sites_, couplings_, features);
    this->plan();
  }

  std::string kind() const override { return wavefunction_entry<FoundationOptions>().name; }

 private:
  using typename Network<Real>::Chunk;
  using typename Network<Real>::LogPsi;
  using typename Network<Real>::Cotangent;

  // Of the sites of one sublattice.
  struct Embedding {
    Dense<Real> dense;
    Slot spins, x;
  };

  void add_shift(const std::string& path, int features, int hidden) {
    residuals_.add(
        std::make_unique<CouplingShift<Real>>(this->layer_in_turn(), path + "CouplingShift_0", couplings_, features, hidden, sites_, width_));
  }
  void add_block(const FoundationPlan& plan, const std::string& path, int features, int hidden) {
    if (features > 0) add_shift(path, features, hidden);
    const std::string attention = path + "FactoredAttention_0/";
    const int heads = plan.options.heads, functions = plan.pairs.kernels.functions;
    residuals_.add(std::make_unique<FactoredAttentionResidual<Real>>(
        this->layer_in_turn(),
        FactoredAttentionSpec{path + "LayerNorm_0",
                              lecun_dense(attention + "v", width_, width_),
                              {attention + "alpha", {heads, functions}, Initial::xavier_uniform(heads, functions)},
                              lecun_dense(attention + "W", width_, width_),
                              plan.pairs.kernels},
        sites_, plan.pairs.index));
    residuals_.add(std::make_unique<MlpResidual<Real>>(this->layer_in_turn(), path + "LayerNorm_1", lecun_dense(path + "Dense_0", width_, hidden),
                                                       lecun_dense(path + "Dense_1", hidden, width_), sites_));
  }

  void forward(const Chunk& chunk, LogPsi out) const override {
    const auto& table = kernels::network<Real>(chunk.device);
    Real *spins = chunk.at(spins_), *x = chunk.at(x_), *total = chunk.at(total_);
    this->unpack(chunk, modes_, spins);
    this->fill_features(chunk, columns_, chunk.at(couplings_));
    for (const Embedding& part : embeddings_) part.dense.forward(chunk, chunk.at(part.spins), chunk.at(part.x));
    residuals_.forward(chunk, x);
    norm_->forward(chunk, x, chunk.at(normed_));
    head_->forward(chunk, chunk.at(normed_), chunk.at(local_), kernels::Write::overwrite);
    table.sum_tokens(sites_, outputs_, chunk.rows, chunk.at(local_), total);
    table.sum_tokens(sites_, width_, chunk.rows, chunk.at(normed_), chunk.at(summed_));
    rest_norm_->forward(chunk, chunk.at(summed_), chunk.at(mean_));
    rest_->forward(chunk, chunk.at(mean_), total, kernels::Write::accumulate);
    pairs_->forward(chunk, spins, total);
    table.widen(chunk.rows, total, out.re);
    if (outputs_ == 2) return table.widen(chunk.rows, total + chunk.rows, out.im);
    kernels::clear(chunk.device, out.im, chunk.rows * sizeof(double));
  }

  void backward(const Chunk& chunk, Cotangent cotangent) const override {
    const auto& table = kernels::network<Real>(chunk.device);
    // Every layer keeps what it needs.
    Real *dtotal = chunk.at(total_), *dlocal = chunk.at(local_), *dnormed = chunk.at(dnormed_), *dx = chunk.at(x_);
    pairs_->backward(chunk, cotangent.re);
    kernels::clear(chunk.device, dtotal, std::size_t(outputs_) * chunk.rows * sizeof(Real));
    table.add(chunk.rows, cotangent.re, dtotal);
    if (outputs_ == 2) table.add(chunk.rows, cotangent.im, dtotal + chunk.rows);
    table.broadcast_tokens(sites_, outputs_, chunk.rows, dtotal, dlocal, kernels::Write::overwrite);
    head_->backward(chunk, chunk.at(normed_), dlocal, dnormed);
    rest_->backward(chunk, chunk.at(mean_), dtotal, chunk.at(dmean_));
    rest_norm_->backward(chunk, chunk.at(dmean_), chunk.at(summed_), kernels::Write::overwrite);
    table.broadcast_tokens(sites_, width_, chunk.rows, chunk.at(summed_), dnormed, kernels::Write::accumulate);
    norm_->backward(chunk, dnormed, dx, kernels::Write::overwrite);
    residuals_.backward(chunk, dx);
    for (const Embedding& part : embeddings_) part.dense.backward_weights(chunk, chunk.at(part.spins), chunk.at(part.x));
  }

  int sites_, width_, outputs_;
  Buffer<std::int32_t> modes_, columns_;
  std::vector<Embedding> embeddings_;
  Residuals<Real> residuals_;
  std::optional<LayerNorm<Real>> norm_, rest_norm_;
  std::optional<Perceptron<Real>> head_, rest_;
  std::optional<PairHead<Real>> pairs_;
  Slot spins_;             // [T][B]
  Slot couplings_;         // [features][B]
  Slot x_;                 // [T][D][B], the residual stream
  Slot normed_, dnormed_;  // [T][D][B], its norm before the head
  Slot summed_;            // [D][B], sum of the norms; later its gradient
  Slot mean_, dmean_;      // [D][B], the direction of that sum, which does not count sites
  Slot local_;             // [T][outputs][B], each site's part of log psi
  Slot total_;             // [outputs][B]
};

std::optional<FoundationOptions> guess(const ParameterLayout& tensors) {
  const auto sizes = [&](const std::string& path) {
    const ParameterSlice* slice = tensors.find(path);
    return slice != nullptr && slice->shape.size() == 2 && slice->shape[0] <= 65536 && slice->shape[1] <= 65536 ? slice->shape
                                                                                                                : std::vector<std::int64_t>{};
  };
  const auto alpha = sizes(block_path(0) + "FactoredAttention_0/alpha"), hidden = sizes(std::string(kHead) + "Dense_0/kernel"),
             outputs = sizes(std::string(kHead) + "Dense_1/kernel");
  if (alpha.empty() || hidden.empty() || outputs.empty() || tensors.find("Pairs_0/linear") == nullptr) return std::nullopt;
  FoundationOptions options;
  options.layers = 0;
  while (tensors.find(block_path(options.layers) + "LayerNorm_0/scale") != nullptr) ++options.layers;
  options.heads = static_cast<int>(alpha[0]);
  options.d_model = static_cast<int>(hidden[0]);
  options.mlp = static_cast<int>(hidden[1]);
  options.amplitude = outputs[1] == 2 ? FoundationAmplitude::complex : FoundationAmplitude::real;
  options.sites = tensors.find(embedding_path(1) + "/kernel") != nullptr ? FoundationSites::sublattices : FoundationSites::alike;
  return options.layers > 0 ? std::optional(options) : std::nullopt;
}

Options<FoundationOptions> foundation_options() {
  using F = FoundationOptions;
  Options<F> options;
  options.integer("layers", &F::layers, 1, 256, "encoder blocks");
  options.integer("d_model", &F::d_model, 1, 65536, "width of a token; a multiple of heads");
  options.integer("heads", &F::heads, 1, 4096, "attention heads");
  options.integer("mlp", &F::mlp, 1, 1 << 20, "width of the hidden layer of each block");
  options.word("amplitude", &F::amplitude, Words<FoundationAmplitude>{{"complex", FoundationAmplitude::complex}, {"real", FoundationAmplitude::real}},
               "what the network gives: Re and Im of log psi, or a positive psi (half the derivatives)");
  options.word("sites", &F::sites, Words<FoundationSites>{{"alike", FoundationSites::alike}, {"sublattices", FoundationSites::sublattices}},
               "what tells one site from another: nothing, or its sublattice, as a staggered field does");
  options.texts("couplings", &F::couplings, shape::set(shape::text()), "couplings (N: particle number) that every block sees")
      .otherwise_absent("the names that vary in a family");
  return options;
}

}  // namespace

std::unique_ptr<Wavefunction> make_foundation(const FoundationOptions& options, const NetworkInput& input, Precision precision, Device device) {
  const FoundationPlan plan = make_plan(options, input);
  if (precision == Precision::float32) return std::make_unique<Foundation<float>>(plan, input, device);
  return std::make_unique<Foundation<double>>(plan, input, device);
}

template <>
const WavefunctionEntry& wavefunction_entry<FoundationOptions>() {
  static const WavefunctionEntry entry = make_entry<FoundationOptions>(
      {.name = "foundation",
       .text = "transformer for every size of a lattice: its parameters do not count the sites",
       .literature = {R"(@article{rende2025foundation,
  author = {Rende, Riccardo and Viteritti, Luciano Loris and Becca, Federico and Scardicchio, Antonello and Laio, Alessandro and Carleo, Giuseppe},
  title = {Foundation neural-networks quantum states as a unified Ansatz for multiple {Hamiltonians}},
  year = {2025}, eprint = {2502.09488}, archivePrefix = {arXiv}
})"},
       .serves = Serves::any_lattice,
       .options = foundation_options(),
       .make = make_foundation,
       .complete = [](FoundationOptions& options, const Node& node,
                      NetworkContext& context) { options.couplings = complete_couplings(options.couplings, node, context); },
       .features = [](const FoundationOptions& options, const NetworkInput&) { return options.couplings; },
       .translations =
           [](const FoundationOptions& options, const NetworkInput& input) {
             return std::vector<int>(input.lattice_size.size(), options.sites == FoundationSites::alike ? 1 : 2);
           },
       .guess = guess});
  return entry;
}

}  // namespace qs

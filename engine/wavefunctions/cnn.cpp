// x_p = Conv(modes of cell p, couplings); per layer x += Conv(gelu(Conv(LN x))); then the head of the vit on sum_p x_p.
#include "engine/wavefunctions/cnn.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "engine/base/error.h"
#include "engine/wavefunctions/checks.h"
#include "engine/wavefunctions/layers/convolution.h"
#include "engine/wavefunctions/layers/layer_norm.h"
#include "engine/wavefunctions/layers/log_cosh_head.h"
#include "engine/wavefunctions/network.h"
#include "engine/wavefunctions/patches.h"

namespace qs {
namespace {

constexpr const char* kEmbedding = "Conv_0";
constexpr const char* kHead = "Head_0";

// Everything the sizes follow from, checked.
struct CnnPlan {
  CnnOptions options;
  int axes = 0;
  Neighbourhood cells;
  std::vector<std::int32_t> modes;  // [cells][entries]: spin by spin, the sites of a cell
  int entries = 0;
  std::vector<int> columns;  // of the couplings

  int inputs() const { return entries + static_cast<int>(columns.size()); }
  std::vector<int> sides() const { return std::vector<int>(axes, options.kernel); }
  HeadParts parts() const { return options.amplitude == CnnAmplitude::real ? HeadParts::real : HeadParts::complex; }
};

CnnPlan make_plan(const CnnOptions& options, const NetworkInput& input) {
  require_torus(input, "wavefunction.kind cnn");
  if (options.kernel % 2 == 0) {
    throw InputError("wavefunction.kernel " + std::to_string(options.kernel) + " is even (it has no cell in its middle); write " +
                     std::to_string(options.kernel - 1) + " or " + std::to_string(options.kernel + 1));
  }
  CnnPlan plan{options, static_cast<int>(input.translations.size()), neighbourhood(input, options.kernel),
               {},      input.modes / input.sites * input.basis,     feature_columns("couplings", options.couplings, input)};
  for (int cell = 0; cell < plan.cells.cells; ++cell) {
    for (int first = 0; first < input.modes; first += input.sites) {
      for (int b = 0; b < input.basis; ++b) plan.modes.push_back(first + cell * input.basis + b);
    }
  }
  return plan;
}

std::string block_path(int block) { return "ResidualBlock_" + std::to_string(block) + "/"; }

// x += second(gelu(first(LN x)))
template <class Real>
class ConvolutionResidual {
 public:
  struct Saved {
    typename LayerNorm<Real>::Saved norm;
    Real *input, *hidden, *active;  // LN x, before and after gelu
  };

  ConvolutionResidual(const Tensors& tensors, const std::string& path, const CnnPlan& plan)
      : cells_(plan.cells.cells),
        width_(plan.options.channels),
        norm_(tensors, path + "LayerNorm_0"),
        first_(tensors, path + "Conv_0", width_, plan.cells),
        second_(tensors, path + "Conv_1", width_, plan.cells) {}

  static void declare(std::vector<TensorSpec>& specs, const std::string& path, const CnnPlan& plan) {
    const int width = plan.options.channels;
    LayerNorm<Real>::declare(specs, path + "LayerNorm_0", width);
    for (const char* name : {"Conv_0", "Conv_1"}) Convolution<Real>::declare(specs, path + name, plan.sides(), width, width);
  }

  void load(std::span<const double> parameters) {
    norm_.load(parameters);
    first_.load(parameters);
    second_.load(parameters);
  }

  Saved carve(Arena<Real>& arena, int rows, Pass pass) const {
    Saved saved;
    saved.norm = norm_.carve(arena, cells_, rows);
    saved.input = arena.take(values(rows));
    saved.hidden = arena.take(values(rows));
    saved.active = pass == Pass::evaluate ? saved.hidden : arena.take(values(rows));
    return saved;
  }

  std::size_t scratch_values(int rows) const { return 2 * values(rows) + std::max(first_.scratch_values(rows), norm_.scratch_values(rows)); }

  void forward(Lanes lanes, Real* x, const Saved& saved, Arena<Real> scratch) const {
    norm_.forward(lanes, cells_, x, saved.input, saved.norm);
    first_.forward(lanes, saved.input, saved.hidden, kernels::Write::overwrite, scratch);
    kernels::network<Real>(lanes.device).gelu(static_cast<std::int64_t>(values(lanes.rows)), saved.hidden, saved.active);
    second_.forward(lanes, saved.active, x, kernels::Write::accumulate, scratch);
  }
  // dx: gradient of the output on entry, of the input on return.
  void backward(Lanes lanes, Real* dx, const Saved& saved, Arena<Real> scratch, const Gradient<Real>& gradient) const {
    Real* dhidden = scratch.take(values(lanes.rows));
    Real* dinput = scratch.take(values(lanes.rows));
    second_.backward_weights(lanes, saved.active, dx, scratch, gradient);
    second_.backward_input(lanes, dx, dhidden, scratch);
    kernels::network<Real>(lanes.device).gelu_backward(static_cast<std::int64_t>(values(lanes.rows)), saved.hidden, dhidden, dhidden);
    first_.backward_weights(lanes, saved.input, dhidden, scratch, gradient);
    first_.backward_input(lanes, dhidden, dinput, scratch);
    norm_.backward(lanes, cells_, dinput, saved.norm, dx, kernels::Write::accumulate, scratch, gradient);
  }

  double flops() const { return first_.flops() + second_.flops(); }

 private:
  std::size_t values(int rows) const { return std::size_t(cells_) * width_ * rows; }

  int cells_, width_;
  LayerNorm<Real> norm_;
  Convolution<Real> first_, second_;
};

std::vector<TensorSpec> cnn_specs(const CnnPlan& plan) {
  std::vector<TensorSpec> specs;
  Convolution<double>::declare(specs, kEmbedding, plan.sides(), plan.inputs(), plan.options.channels);
  for (int k = 0; k < plan.options.layers; ++k) ConvolutionResidual<double>::declare(specs, block_path(k), plan);
  LogCoshHead<double>::declare(specs, kHead, plan.options.channels, plan.parts());
  sort_by_path(specs);
  return specs;
}

template <class Real>
class Cnn final : public Network<Real> {
 public:
  Cnn(CnnPlan plan, const NetworkInput& input, Device device)
      : Network<Real>(device, plan.parts() == HeadParts::real ? JacobianMode::real_log : JacobianMode::complex_log, cnn_specs(plan), {}, input),
        plan_(std::move(plan)),
        modes_(this->indices(plan_.modes)),
        columns_(this->indices(plan_.columns)),
        embed_(this->tensors(), kEmbedding, plan_.inputs(), plan_.cells),
        head_(this->tensors(), kHead, plan_.cells.cells, plan_.options.channels, plan_.parts()) {
    for (int k = 0; k < plan_.options.layers; ++k) blocks_.emplace_back(this->tensors(), block_path(k), plan_);
    this->plan();
  }

  std::string kind() const override { return "cnn"; }
  double flops_per_evaluation() const override {
    double flops = embed_.flops() + head_.flops();
    for (const ConvolutionResidual<Real>& block : blocks_) flops += block.flops();
    return flops;
  }

 private:
  using typename Network<Real>::Chunk;
  using typename Network<Real>::LogPsi;
  using typename Network<Real>::Cotangent;

  struct Buffers {
    Real* inputs;  // [cells][entries + couplings][B]
    Real* x;       // [cells][channels][B], the residual stream
    typename LogCoshHead<Real>::Saved head;
    std::vector<typename ConvolutionResidual<Real>::Saved> blocks;  // evaluating, all are one
  };

  Buffers carve(Arena<Real>& arena, int rows, Pass pass) const {
    const std::size_t cells = static_cast<std::size_t>(plan_.cells.cells);
    Buffers buffers;
    buffers.inputs = arena.take(cells * plan_.inputs() * rows);
    buffers.x = arena.take(cells * plan_.options.channels * rows);
    buffers.head = head_.carve(arena, rows);
    for (const ConvolutionResidual<Real>& block : blocks_) {
      const bool shared = pass == Pass::evaluate && !buffers.blocks.empty();
      buffers.blocks.push_back(shared ? buffers.blocks.front() : block.carve(arena, rows, pass));
    }
    return buffers;
  }

  std::size_t arena_values(int rows, Pass pass) const override {
    Arena<Real> count;
    carve(count, rows, pass);
    std::size_t scratch = std::max(embed_.scratch_values(rows), head_.scratch_values(rows));
    for (const ConvolutionResidual<Real>& block : blocks_) scratch = std::max(scratch, block.scratch_values(rows));
    return count.used() + scratch;
  }

  void load(std::span<const double> parameters) override {
    embed_.load(parameters);
    for (ConvolutionResidual<Real>& block : blocks_) block.load(parameters);
    head_.load(parameters);
  }

  void fill_inputs(const Chunk& chunk, Real* inputs) const {
    const std::size_t entries = static_cast<std::size_t>(plan_.entries), rows = static_cast<std::size_t>(chunk.lanes.rows);
    for (int p = 0; p < plan_.cells.cells; ++p) {
      Real* cell = inputs + p * plan_.inputs() * rows;
      this->unpack(chunk, modes_.data() + p * entries, entries, cell);
      this->fill_features(chunk, columns_, cell + entries * rows);
    }
  }

  void forward(const Chunk& chunk, Pass pass, Arena<Real> arena, LogPsi out) const override {
    const Buffers buffers = carve(arena, chunk.lanes.rows, pass);
    fill_inputs(chunk, buffers.inputs);
    embed_.forward(chunk.lanes, buffers.inputs, buffers.x, kernels::Write::overwrite, arena);
    for (std::size_t k = 0; k < blocks_.size(); ++k) blocks_[k].forward(chunk.lanes, buffers.x, buffers.blocks[k], arena);
    head_.forward(chunk.lanes, buffers.x, buffers.head, out.re, out.im);
  }

  void backward(const Chunk& chunk, Arena<Real> arena, Cotangent cotangent, const Gradient<Real>& gradient) const override {
    const Lanes lanes = chunk.lanes;
    const Buffers buffers = carve(arena, lanes.rows, Pass::differentiate);
    Real* dx = buffers.x;  // the stream itself is not needed: every block saved its own input
    head_.backward(lanes, buffers.head, cotangent.re, cotangent.im, dx, arena, gradient);
    for (std::size_t k = blocks_.size(); k-- > 0;) blocks_[k].backward(lanes, dx, buffers.blocks[k], arena, gradient);
    embed_.backward_weights(lanes, buffers.inputs, dx, arena, gradient);
  }

  CnnPlan plan_;
  Buffer<std::int32_t> modes_, columns_;
  Convolution<Real> embed_;
  std::vector<ConvolutionResidual<Real>> blocks_;
  LogCoshHead<Real> head_;
};

std::optional<CnnOptions> guess(const ParameterLayout& tensors) {
  const ParameterSlice* kernel = tensors.find(std::string(kEmbedding) + "/kernel");
  const auto sized = [](std::int64_t value) { return value >= 1 && value <= std::numeric_limits<int>::max(); };
  if (kernel == nullptr || kernel->shape.size() < 3 || !std::all_of(kernel->shape.begin(), kernel->shape.end(), sized)) return std::nullopt;
  CnnOptions options;
  options.layers = 0;
  while (tensors.find(block_path(options.layers) + "LayerNorm_0/scale") != nullptr) ++options.layers;
  options.channels = static_cast<int>(kernel->shape.back());
  options.kernel = static_cast<int>(kernel->shape.front());
  options.amplitude = tensors.find(std::string(kHead) + "/output_layer1/kernel") != nullptr ? CnnAmplitude::complex : CnnAmplitude::real;
  return options.layers > 0 ? std::optional(options) : std::nullopt;
}

Options<CnnOptions> cnn_options() {
  using C = CnnOptions;
  Options<C> options;
  options.integer("layers", &C::layers, 1, 256, "residual blocks of two convolutions");
  options.integer("channels", &C::channels, 1, 65536, "numbers per cell");
  options.integer("kernel", &C::kernel, 1, 63, "cells along every axis that a convolution reads; odd").unit("cells");
  options.word("amplitude", &C::amplitude, Words<CnnAmplitude>{{"complex", CnnAmplitude::complex}, {"real", CnnAmplitude::real}},
               "what the network gives: Re and Im of log psi, or a positive psi (half the derivatives)");
  options.texts("couplings", &C::couplings, shape::set(shape::text()), "couplings (N: particle number) that every cell sees")
      .otherwise_absent("the names that vary in a family");
  return options;
}

}  // namespace

std::unique_ptr<Wavefunction> make_cnn(const CnnOptions& options, const NetworkInput& input, Precision precision, Device device) {
  CnnPlan plan = make_plan(options, input);
  if (precision == Precision::float32) return std::make_unique<Cnn<float>>(std::move(plan), input, device);
  return std::make_unique<Cnn<double>>(std::move(plan), input, device);
}

template <>
const WavefunctionEntry& wavefunction_entry<CnnOptions>() {
  static const WavefunctionEntry entry = make_entry<CnnOptions>(
      {.name = "cnn",
       .text = "residual convolutional network on a torus",
       .literature = {R"(@article{choo2019two,
  author = {Choo, Kenny and Neupert, Titus and Carleo, Giuseppe},
  title = {Two-dimensional frustrated {$J_1$-$J_2$} model studied with neural network quantum states},
  journal = {Phys. Rev. B},
  volume = {100}, pages = {125124}, year = {2019},
  doi = {10.1103/PhysRevB.100.125124}
})",
                      R"(@article{roth2023high,
  author = {Roth, Christopher and Szab{\'o}, Attila and MacDonald, Allan H.},
  title = {High-accuracy variational {Monte Carlo} for frustrated magnets with deep neural networks},
  journal = {Phys. Rev. B},
  volume = {108}, pages = {054410}, year = {2023},
  doi = {10.1103/PhysRevB.108.054410}
})"},
       .options = cnn_options(),
       .make = make_cnn,
       .complete = [](CnnOptions& options, const Node& node,
                      NetworkContext& context) { options.couplings = complete_couplings(options.couplings, node, context); },
       .features = [](const CnnOptions& options, const NetworkInput&) { return options.couplings; },
       .translations = [](const CnnOptions&, const NetworkInput& input) { return std::vector<int>(input.lattice_size.size(), 1); },
       .guess = guess});
  return entry;
}

}  // namespace qs

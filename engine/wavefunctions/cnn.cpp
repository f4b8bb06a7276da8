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
#include "engine/wavefunctions/patch_network.h"
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
  std::vector<int> columns;         // of the couplings

  int inputs() const { return static_cast<int>(modes.size()) / cells.cells + static_cast<int>(columns.size()); }
  std::vector<int> sides() const { return std::vector<int>(axes, options.kernel); }
  HeadParts parts() const { return options.amplitude == CnnAmplitude::real ? HeadParts::real : HeadParts::complex; }
};

CnnPlan make_plan(const CnnOptions& options, const NetworkInput& input) {
  require_torus(input, "wavefunction.kind cnn");
  if (options.kernel % 2 == 0) {
    throw InputError("wavefunction.kernel " + std::to_string(options.kernel) + " is even (it has no cell in its middle); write " +
                     std::to_string(options.kernel - 1) + " or " + std::to_string(options.kernel + 1));
  }
  CnnPlan plan{options,
               static_cast<int>(input.translations.size()),
               neighbourhood(input, options.kernel),
               {},
               feature_columns("couplings", options.couplings, input)};
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
class ConvolutionResidual final : public Residual<Real> {
 public:
  ConvolutionResidual(const Builder<Real>& build, const std::string& path, const CnnPlan& plan)
      : values_(std::size_t(plan.cells.cells) * plan.options.channels),
        norm_(build, path + "LayerNorm_0", plan.cells.cells, plan.options.channels),
        columns_(build.scratch(Convolution<Real>::copied(plan.cells, plan.options.channels))),
        first_(build, {path + "Conv_0", plan.sides(), plan.options.channels, plan.options.channels}, plan.cells, columns_),
        second_(build, {path + "Conv_1", plan.sides(), plan.options.channels, plan.options.channels}, plan.cells, columns_),
        input_(build.keep(values_)),
        hidden_(build.keep(values_)),
        active_(build.keep_for_backward(values_)),
        dinput_(build.scratch(values_)),
        dhidden_(build.scratch(values_)) {}

  void forward(const Run<Real>& run, Real* x) const override {
    Real* hidden = run.at(hidden_);
    Real* active = run.pass == Pass::evaluate ? hidden : run.at(active_);
    norm_.forward(run, x, run.at(input_));
    first_.forward(run, run.at(input_), hidden);
    kernels::network<Real>(run.device).gelu(static_cast<std::int64_t>(values_) * run.rows, hidden, active);
    second_.forward(run, active, x, kernels::Write::accumulate);
  }
  void backward(const Run<Real>& run, Real* dx) const override {
    Real *dhidden = run.at(dhidden_), *dinput = run.at(dinput_);
    second_.backward_weights(run, run.at(active_), dx);
    second_.backward_input(run, dx, dhidden);
    kernels::network<Real>(run.device).gelu_backward(static_cast<std::int64_t>(values_) * run.rows, run.at(hidden_), dhidden, dhidden);
    first_.backward_weights(run, run.at(input_), dhidden);
    first_.backward_input(run, dhidden, dinput);
    norm_.backward(run, dinput, dx, kernels::Write::accumulate);
  }

 private:
  std::size_t values_;
  LayerNorm<Real> norm_;
  Slot columns_;
  Convolution<Real> first_, second_;
  Slot input_, hidden_, active_;  // LN x, before and after gelu
  Slot dinput_, dhidden_;
};

template <class Real>
class Cnn final : public PatchNetwork<Real, Convolution<Real>> {
 public:
  Cnn(const CnnPlan& plan, const NetworkInput& input, Device device)
      : PatchNetwork<Real, Convolution<Real>>(device, plan.parts() == HeadParts::real ? JacobianMode::real_log : JacobianMode::complex_log, input,
                                              {plan.cells.cells, plan.options.channels, plan.modes, plan.columns}) {
    const int width = plan.options.channels;
    const Builder<Real> build = this->layer();
    const Slot columns = build.scratch(Convolution<Real>::copied(plan.cells, std::max(plan.inputs(), width)));
    this->embedding_.emplace(build, ConvolutionSpec{kEmbedding, plan.sides(), plan.inputs(), width}, plan.cells, columns);
    for (int k = 0; k < plan.options.layers; ++k)
      this->layers_.add(std::make_unique<ConvolutionResidual<Real>>(this->layer_in_turn(), block_path(k), plan));
    this->head_.emplace(this->layer(), kHead, plan.cells.cells, width, plan.parts());
    this->plan();
  }

  std::string kind() const override { return "cnn"; }
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
  const CnnPlan plan = make_plan(options, input);
  if (precision == Precision::float32) return std::make_unique<Cnn<float>>(plan, input, device);
  return std::make_unique<Cnn<double>>(plan, input, device);
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

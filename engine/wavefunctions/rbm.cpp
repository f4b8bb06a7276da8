#include "engine/wavefunctions/rbm.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/wavefunctions/checks.h"
#include "engine/wavefunctions/layers/dense.h"
#include "engine/wavefunctions/network.h"

namespace qs {
namespace {

// Parts of one tensor: real parameters have one, complex ones two.
std::vector<std::string> suffixes(RbmDtype dtype) {
  return dtype == RbmDtype::real ? std::vector<std::string>{""} : std::vector<std::string>{"_re", "_im"};
}

std::vector<TensorSpec> rbm_specs(const RbmOptions& options, int visible) {
  const std::int64_t hidden = static_cast<std::int64_t>(options.alpha) * visible;
  const Initial small = Initial::normal(0.01);
  std::vector<TensorSpec> specs;
  for (const std::string& part : suffixes(options.dtype)) specs.push_back({"Dense/bias" + part, {hidden}, small});
  for (const std::string& part : suffixes(options.dtype)) specs.push_back({"Dense/kernel" + part, {visible, hidden}, small});
  for (const std::string& part : suffixes(options.dtype)) specs.push_back({"visible_bias" + part, {visible}, small});
  return specs;
}

// theta = s W + b and a . s for one real part of the parameters.
template <class Real>
struct RbmPart {
  RbmPart(const Tensors& tensors, const std::string& suffix, int visible_count)
      : hidden(tensors, "Dense/kernel" + suffix, "Dense/bias" + suffix, visible_count),
        visible(tensors, "visible_bias" + suffix, "", visible_count) {}

  Dense<Real> hidden;
  Dense<Real> visible;
};

template <class Real>
class Rbm final : public Network<Real> {
 public:
  Rbm(const RbmOptions& options, const NetworkInput& input, Device device)
      : Network<Real>(device, options.dtype == RbmDtype::real ? JacobianMode::real_log : JacobianMode::complex_log, rbm_specs(options, input.modes),
                      {}, input),
        visible_(input.modes),
        hidden_(options.alpha * input.modes),
        re_(this->tensors(), suffixes(options.dtype).front(), visible_) {
    if (options.dtype == RbmDtype::complex) im_.emplace(this->tensors(), "_im", visible_);
    std::vector<std::int32_t> all(static_cast<std::size_t>(input.modes));
    std::iota(all.begin(), all.end(), 0);
    modes_ = this->indices(all);
    this->plan();
  }

  std::string kind() const override { return "rbm"; }
  double flops_per_evaluation() const override { return (im_ ? 2.0 : 1.0) * (re_.hidden.flops(1) + re_.visible.flops(1)); }

 private:
  using typename Network<Real>::Chunk;
  using typename Network<Real>::LogPsi;
  using typename Network<Real>::Cotangent;

  struct Buffers {
    Real* spins;       // [N][B]
    Real* theta_re;    // [alpha N][B]
    Real* theta_im;    // nullptr if real
    Real* visible_re;  // [B]
    Real* visible_im;
  };

  Buffers carve(Arena<Real>& arena, int rows) const {
    Buffers buffers{};
    buffers.spins = arena.take(std::size_t(visible_) * rows);
    buffers.theta_re = arena.take(std::size_t(hidden_) * rows);
    buffers.visible_re = arena.take(rows);
    if (im_) {
      buffers.theta_im = arena.take(std::size_t(hidden_) * rows);
      buffers.visible_im = arena.take(rows);
    }
    return buffers;
  }

  std::size_t arena_values(int rows, Pass pass) const override {
    Arena<Real> count;
    carve(count, rows);
    if (pass == Pass::differentiate) count.take(2 * std::size_t(hidden_) * rows);
    return count.used();
  }

  void load(std::span<const double> parameters) override {
    for (RbmPart<Real>* part : {&re_, im_ ? &*im_ : nullptr}) {
      if (part == nullptr) continue;
      part->hidden.load(parameters);
      part->visible.load(parameters);
    }
  }

  void forward(const Chunk& chunk, Pass, Arena<Real> arena, LogPsi out) const override {
    const Lanes lanes = chunk.lanes;
    const Buffers buffers = carve(arena, lanes.rows);
    this->unpack(chunk, modes_.data(), modes_.size(), buffers.spins);
    re_.hidden.forward(lanes, 1, buffers.spins, buffers.theta_re);
    re_.visible.forward(lanes, 1, buffers.spins, buffers.visible_re);
    if (im_) {
      im_->hidden.forward(lanes, 1, buffers.spins, buffers.theta_im);
      im_->visible.forward(lanes, 1, buffers.spins, buffers.visible_im);
    }
    kernels::network<Real>(lanes.device).widen(lanes.rows, buffers.visible_re, out.re);
    if (im_) {
      kernels::network<Real>(lanes.device).widen(lanes.rows, buffers.visible_im, out.im);
    } else {
      kernels::clear(lanes.device, out.im, lanes.rows * sizeof(double));
    }
    kernels::network<Real>(lanes.device)
        .log_cosh_sum(hidden_, lanes.rows, buffers.theta_re, buffers.theta_im, out.re, im_ ? out.im : nullptr, kernels::Write::accumulate);
  }

  // d log psi / d Re = O and d log psi / d Im = i O: the chain rule through (Re theta, Im theta) gives both.
  void backward(const Chunk& chunk, Arena<Real> arena, Cotangent cotangent, const Gradient<Real>& gradient) const override {
    const Lanes lanes = chunk.lanes;
    const Buffers buffers = carve(arena, lanes.rows);
    Real* dre = arena.take(std::size_t(hidden_) * lanes.rows);
    Real* dim = im_ ? arena.take(std::size_t(hidden_) * lanes.rows) : nullptr;
    kernels::network<Real>(lanes.device)
        .log_cosh_backward(hidden_, lanes.rows, buffers.theta_re, buffers.theta_im, cotangent.re, im_ ? cotangent.im : nullptr, dre, dim);
    re_.hidden.backward_weights(lanes, 1, buffers.spins, dre, gradient);
    re_.visible.backward_weights(lanes, 1, buffers.spins, cotangent.re, gradient);
    if (im_) {
      im_->hidden.backward_weights(lanes, 1, buffers.spins, dim, gradient);
      im_->visible.backward_weights(lanes, 1, buffers.spins, cotangent.im, gradient);
    }
  }

  int visible_;
  int hidden_;
  Buffer<std::int32_t> modes_;
  RbmPart<Real> re_;
  std::optional<RbmPart<Real>> im_;
};

}  // namespace

std::unique_ptr<Wavefunction> make_rbm(const RbmOptions& options, const NetworkInput& input, Precision precision, Device device) {
  if (precision == Precision::float32) return std::make_unique<Rbm<float>>(options, input, device);
  return std::make_unique<Rbm<double>>(options, input, device);
}

template <>
const WavefunctionEntry& wavefunction_entry<RbmOptions>() {
  static const WavefunctionEntry entry = make_entry<RbmOptions>(
      {.name = "rbm",
       .text = "restricted Boltzmann machine",
       .literature = {R"(@article{carleo2017solving,
  author = {Carleo, Giuseppe and Troyer, Matthias},
  title = {Solving the quantum many-body problem with artificial neural networks},
  journal = {Science},
  volume = {355}, pages = {602--606}, year = {2017},
  doi = {10.1126/science.aag2302}
})"},
       .options = Options<RbmOptions>()
                      .integer("alpha", &RbmOptions::alpha, 1, 4096, "hidden units per mode")
                      .word("dtype", &RbmOptions::dtype, Words<RbmDtype>{{"complex", RbmDtype::complex}, {"real", RbmDtype::real}},
                            "parameters; real means a positive wavefunction"),
       .make = make_rbm});
  return entry;
}

}  // namespace qs

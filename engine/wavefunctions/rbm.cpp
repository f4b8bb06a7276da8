#include "engine/wavefunctions/rbm.h"

#include <array>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "engine/wavefunctions/layers/dense.h"
#include "engine/wavefunctions/network.h"

namespace qs {
namespace {

template <class Real>
class Rbm final : public Network<Real> {
 public:
  Rbm(const RbmOptions& options, const NetworkInput& input, Device device)
      : Network<Real>(device, jacobian_mode(options.dtype), input), hidden_(options.alpha * input.modes) {
    const Builder<Real> build = this->layer();
    for (const std::string& part : suffixes(options.dtype)) parts_.emplace_back(build, part, input.modes, hidden_);
    std::vector<std::int32_t> all(static_cast<std::size_t>(input.modes));
    std::iota(all.begin(), all.end(), 0);
    modes_ = build.indices(all);
    spins_ = build.keep(all.size());
    this->plan();
  }

  std::string kind() const override { return "rbm"; }

 private:
  using typename Network<Real>::Chunk;
  using typename Network<Real>::LogPsi;
  using typename Network<Real>::Cotangent;

  // theta = s W + b and a . s for the real or imaginary part of the parameters.
  struct Part {
    Part(const Builder<Real>& build, const std::string& suffix, int modes, int units)
        : hidden(build, {modes, tensor("Dense/kernel" + suffix, {modes, units}), tensor("Dense/bias" + suffix, {units})}, 1),
          visible(build, {modes, tensor("visible_bias" + suffix, {modes}), {}}, 1),
          theta(build.keep(units)),
          field(build.keep(1)),
          dtheta(build.scratch(units, Pass::differentiate)) {}

    static TensorSpec tensor(std::string path, std::vector<std::int64_t> shape) { return {std::move(path), std::move(shape), Initial::normal(0.01)}; }

    Dense<Real> hidden, visible;
    Slot theta, field;  // [alpha N][B], [B]
    Slot dtheta;
  };

  bool complex() const { return parts_.size() == 2; }
  // Of the imaginary part; nullptr if real.
  Real* imaginary(const Chunk& chunk, Slot Part::*slot) const { return complex() ? chunk.at(parts_.back().*slot) : nullptr; }

  void forward(const Chunk& chunk, LogPsi out) const override {
    this->unpack(chunk, modes_, chunk.at(spins_));
    const std::array<double*, 2> fields = {out.re, out.im};
    for (std::size_t k = 0; k < parts_.size(); ++k) {
      parts_[k].hidden.forward(chunk, chunk.at(spins_), chunk.at(parts_[k].theta));
      parts_[k].visible.forward(chunk, chunk.at(spins_), chunk.at(parts_[k].field));
      kernels::network<Real>(chunk.device).widen(chunk.rows, chunk.at(parts_[k].field), fields[k]);
    }
    if (!complex()) kernels::clear(chunk.device, out.im, chunk.rows * sizeof(double));
    kernels::network<Real>(chunk.device)
        .log_cosh_sum(hidden_, chunk.rows, chunk.at(parts_[0].theta), imaginary(chunk, &Part::theta), out.re, complex() ? out.im : nullptr,
                      kernels::Write::accumulate);
  }

  // d log psi / d Re = O and d log psi / d Im = i O: the chain rule through (Re theta, Im theta) gives both.
  void backward(const Chunk& chunk, Cotangent cotangent) const override {
    kernels::network<Real>(chunk.device)
        .log_cosh_backward(hidden_, chunk.rows, chunk.at(parts_[0].theta), imaginary(chunk, &Part::theta), cotangent.re,
                           complex() ? cotangent.im : nullptr, chunk.at(parts_[0].dtheta), imaginary(chunk, &Part::dtheta));
    const std::array<const Real*, 2> dfields = {cotangent.re, cotangent.im};
    for (std::size_t k = 0; k < parts_.size(); ++k) {
      parts_[k].hidden.backward_weights(chunk, chunk.at(spins_), chunk.at(parts_[k].dtheta));
      parts_[k].visible.backward_weights(chunk, chunk.at(spins_), dfields[k]);
    }
  }

  int hidden_;
  Buffer<std::int32_t> modes_;
  std::vector<Part> parts_;
  Slot spins_;  // [N][B]
};

}  // namespace

std::unique_ptr<Wavefunction> make_rbm(const RbmOptions& options, const NetworkInput& input, Precision precision, Device device) {
  if (precision == Precision::float32) return std::make_unique<Rbm<float>>(options, input, device);
  return std::make_unique<Rbm<double>>(options, input, device);
}

template <>
const WavefunctionEntry& wavefunction_entry<RbmOptions>() {
  static const WavefunctionEntry entry =
      make_entry<RbmOptions>({.name = "rbm",
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
                                             .word("dtype", &RbmOptions::dtype, Words<Dtype>{{"complex", Dtype::complex}, {"real", Dtype::real}},
                                                   "parameters; real means a positive wavefunction"),
                              .make = make_rbm,
                              .starts = {{NetworkRole::any_sign, "alpha: 2"},
                                         {NetworkRole::positive, "alpha: 2, dtype: real"},
                                         {NetworkRole::wide_positive, "alpha: 4, dtype: real"}}});
  return entry;
}

}  // namespace qs

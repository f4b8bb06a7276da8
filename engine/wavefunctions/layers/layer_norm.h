// LayerNorm over the features of a token: (x - m) / sqrt(v + 1e-6) scale + bias.
#pragma once

#include <string>
#include <vector>

#include "engine/wavefunctions/layers/layer.h"

namespace qs {

template <class Real>
class LayerNorm {
 public:
  struct Saved {
    Real* normalised;  // [T][D][B]
    Real* rstd;        // [T][B]
  };

  LayerNorm(const Tensors& tensors, const std::string& path)
      : scale_(tensors, path + "/scale"), bias_(tensors, path + "/bias"), width_(static_cast<int>(scale_.count())) {}

  static void declare(std::vector<TensorSpec>& specs, const std::string& path, int width) {
    specs.push_back({path + "/scale", {width}, Initial::one()});
    specs.push_back({path + "/bias", {width}, Initial::zero()});
  }

  void load(std::span<const double> parameters) {
    scale_.load(parameters);
    bias_.load(parameters);
  }

  Saved carve(Arena<Real>& arena, int tokens, int rows) const {
    Saved saved;
    saved.normalised = arena.take(std::size_t(tokens) * width_ * rows);
    saved.rstd = arena.take(std::size_t(tokens) * rows);
    return saved;
  }
  void forward(Lanes lanes, int tokens, const Real* x, Real* y, const Saved& saved) const {
    kernels::network<Real>(lanes.device).layer_norm(tokens, width_, lanes.rows, x, scale_.data(), bias_.data(), y, saved.normalised, saved.rstd);
  }

  kernels::LayerNormWeights<Real> weights() const { return {scale_.data(), bias_.data()}; }

  std::size_t scratch_values(int rows) const { return 2 * std::size_t(width_) * rows; }
  // dx (+)= input gradient.
  void backward(Lanes lanes, int tokens, const Real* dy, const Saved& saved, Real* dx, kernels::Write write, Arena<Real> scratch,
                const Gradient<Real>& gradient) const {
    Real* dscale = scratch.take(std::size_t(width_) * lanes.rows);
    Real* dbias = scratch.take(std::size_t(width_) * lanes.rows);
    kernels::network<Real>(lanes.device)
        .layer_norm_backward(tokens, width_, lanes.rows, dy, scale_.data(), saved.normalised, saved.rstd, dx, write, dscale, dbias);
    kernels::network<Real>(lanes.device).emit_gradient(width_, lanes.rows, dscale, gradient.at(scale_.offset()));
    kernels::network<Real>(lanes.device).emit_gradient(width_, lanes.rows, dbias, gradient.at(bias_.offset()));
  }

 private:
  Weight<Real> scale_;
  Weight<Real> bias_;
  int width_;
};

}  // namespace qs

// LayerNorm over the features of a token: (x - m) / sqrt(v + 1e-6) scale + bias.
#pragma once

#include <string>

#include "engine/wavefunctions/layers/layer.h"

namespace qs {

template <class Real>
class LayerNorm {
 public:
  LayerNorm(const Builder<Real>& build, const std::string& path, int tokens, int width)
      : tokens_(tokens),
        width_(width),
        scale_(build.tensor({path + "/scale", {width}, Initial::one()})),
        bias_(build.tensor({path + "/bias", {width}, Initial::zero()})),
        normalised_(build.keep(std::size_t(tokens) * width)),
        rstd_(build.keep(tokens)),
        dscale_(build.scratch(width, Pass::differentiate)),
        dbias_(build.scratch(width, Pass::differentiate)) {}

  void forward(const Run<Real>& run, const Real* x, Real* y) const {
    kernels::network<Real>(run.device).layer_norm(tokens_, width_, run.rows, x, scale_.data(), bias_.data(), y, run.at(normalised_), run.at(rstd_));
  }
  // dx (+)= input gradient.
  void backward(const Run<Real>& run, const Real* dy, Real* dx, kernels::Write write) const {
    kernels::network<Real>(run.device)
        .layer_norm_backward(tokens_, width_, run.rows, dy, scale_.data(), run.at(normalised_), run.at(rstd_), dx, write, run.at(dscale_),
                             run.at(dbias_));
    run.emit(scale_, run.at(dscale_));
    run.emit(bias_, run.at(dbias_));
  }

  kernels::LayerNormWeights<Real> weights() const { return {scale_.data(), bias_.data()}; }

 private:
  int tokens_, width_;
  Weight<Real> scale_, bias_;
  Slot normalised_, rstd_;  // [T][D][B], [T][B]
  Slot dscale_, dbias_;
};

}  // namespace qs

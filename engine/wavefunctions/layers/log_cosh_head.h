// Complex output of a real network: log psi = sum_d log_cosh(LN(W0 z + b0) + i LN(W1 z + b1)), z = LN(sum_p x_p); without the imaginary part, a
// positive psi. The sum over features is accumulated in float64.
#pragma once

#include <string>
#include <vector>

#include "engine/wavefunctions/layers/dense.h"
#include "engine/wavefunctions/layers/layer_norm.h"

namespace qs {

enum class HeadParts { real = 1, complex = 2 };

template <class Real>
class LogCoshHead {
 public:
  LogCoshHead(const Builder<Real>& build, const std::string& path, int tokens, int width, HeadParts parts)
      : tokens_(tokens), width_(width), norm_(build, path + "/out_layer_norm", 1, width) {
    // As the published network names them.
    for (const auto& [dense, norm] : {std::pair("/output_layer0", "/norm2"), std::pair("/output_layer1", "/norm3")}) {
      if (parts_.size() == static_cast<std::size_t>(parts)) break;
      parts_.push_back({{build, xavier_dense(path + dense, width, width), 1},
                        {build, path + norm, 1, width},
                        build.keep(width),
                        build.scratch(width, Pass::differentiate)});
    }
    for (Slot* slot : {&sum_, &z_, &projected_}) *slot = build.keep(width);
    for (Slot* slot : {&dsum_, &dz_, &dprojected_}) *slot = build.scratch(width, Pass::differentiate);
  }

  void forward(const Run<Real>& run, const Real* x, double* re, double* im) const {
    kernels::network<Real>(run.device).sum_tokens(tokens_, width_, run.rows, x, run.at(sum_));
    norm_.forward(run, run.at(sum_), run.at(z_));
    for (const Part& part : parts_) {
      part.project.forward(run, run.at(z_), run.at(projected_));
      part.norm.forward(run, run.at(projected_), run.at(part.u));
    }
    if (!complex()) kernels::clear(run.device, im, run.rows * sizeof(double));
    kernels::network<Real>(run.device)
        .log_cosh_sum(width_, run.rows, run.at(parts_[0].u), complex() ? run.at(parts_[1].u) : nullptr, re, complex() ? im : nullptr,
                      kernels::Write::overwrite);
  }
  // Overwrites dx.
  void backward(const Run<Real>& run, const Real* wre, const Real* wim, Real* dx) const {
    const Part& re = parts_.front();
    const Part* im = complex() ? &parts_.back() : nullptr;
    kernels::network<Real>(run.device)
        .log_cosh_backward(width_, run.rows, run.at(re.u), im ? run.at(im->u) : nullptr, wre, im ? wim : nullptr, run.at(re.du),
                           im ? run.at(im->du) : nullptr);
    for (const Part& part : parts_) {
      part.norm.backward(run, run.at(part.du), run.at(dprojected_), kernels::Write::overwrite);
      part.project.backward_weights(run, run.at(z_), run.at(dprojected_));
      part.project.backward_input(run, run.at(dprojected_), run.at(dz_), &part == &re ? kernels::Write::overwrite : kernels::Write::accumulate);
    }
    norm_.backward(run, run.at(dz_), run.at(dsum_), kernels::Write::overwrite);
    kernels::network<Real>(run.device).broadcast_tokens(tokens_, width_, run.rows, run.at(dsum_), dx, kernels::Write::overwrite);
  }

 private:
  // Real or imaginary part of u, the argument of log_cosh.
  struct Part {
    Dense<Real> project;
    LayerNorm<Real> norm;
    Slot u, du;
  };

  bool complex() const { return parts_.size() == 2; }

  int tokens_, width_;
  LayerNorm<Real> norm_;
  std::vector<Part> parts_;
  Slot sum_, z_, projected_;  // projected: before the norms, not needed by backward
  Slot dsum_, dz_, dprojected_;
};

}  // namespace qs

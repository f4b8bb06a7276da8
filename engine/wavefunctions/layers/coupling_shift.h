// What the couplings add to every token: x_i += Dense_1(gelu(Dense_0(couplings))). A shift before each block moves its norms and gelus, so that one
// network can compute differently for each Hamiltonian. Small at the start: a network that first learns what the Hamiltonians have in common does not
// get stuck with one of them (a seed in four did, at V = 4 of a t-V ring).
#pragma once

#include <cmath>
#include <string>

#include "engine/wavefunctions/layers/perceptron.h"

namespace qs {

template <class Real>
class CouplingShift final : public Residual<Real> {
 public:
  // couplings [features][B], filled before forward.
  CouplingShift(const Builder<Real>& build, const std::string& path, const Slot& couplings, int features, int hidden, int tokens, int width)
      : tokens_(tokens),
        width_(width),
        couplings_(couplings),
        layers_(build, lecun_dense(path + "/Dense_0", features, hidden),
                dense_spec(path + "/Dense_1", hidden, width, Initial::normal(0.1 / std::sqrt(hidden))), 1),
        shift_(build.keep(width)),
        dshift_(build.scratch(width, Pass::differentiate)) {}

  void forward(const Run<Real>& run, Real* x) const override {
    layers_.forward(run, run.at(couplings_), run.at(shift_), kernels::Write::overwrite);
    kernels::network<Real>(run.device).broadcast_tokens(tokens_, width_, run.rows, run.at(shift_), x, kernels::Write::accumulate);
  }
  // The gradient of x passes unchanged.
  void backward(const Run<Real>& run, Real* dx) const override {
    kernels::network<Real>(run.device).sum_tokens(tokens_, width_, run.rows, dx, run.at(dshift_));
    layers_.backward(run, run.at(couplings_), run.at(dshift_), nullptr);
  }

 private:
  int tokens_, width_;
  Slot couplings_;
  Perceptron<Real> layers_;
  Slot shift_, dshift_;
};

}  // namespace qs

// What the couplings add to every token: x_i += Dense_1(gelu(Dense_0(couplings))). A shift before each block moves its norms and gelus, so that one
// network can compute differently for each Hamiltonian.
#pragma once

#include <string>
#include <vector>

#include "engine/wavefunctions/layers/dense.h"

namespace qs {

template <class Real>
class CouplingShift {
 public:
  struct Saved {
    Real* hidden;  // before gelu
    Real* active;
    Real* shift;
  };

  CouplingShift(const Tensors& tensors, const std::string& path, int couplings, int sites)
      : sites_(sites), first_(tensors, path + "/Dense_0", couplings), second_(tensors, path + "/Dense_1", first_.out()) {}

  static void declare(std::vector<TensorSpec>& specs, const std::string& path, int couplings, int hidden, int width) {
    Dense<double>::declare(specs, path + "/Dense_0", couplings, hidden, Initial::lecun_normal(couplings));
    Dense<double>::declare(specs, path + "/Dense_1", hidden, width, Initial::lecun_normal(hidden));
  }

  void load(std::span<const double> parameters) {
    first_.load(parameters);
    second_.load(parameters);
  }

  Saved carve(Arena<Real>& arena, int rows) const {
    Saved saved;
    for (Real** piece : {&saved.hidden, &saved.active}) *piece = arena.take(hidden_values(rows));
    saved.shift = arena.take(width_values(rows));
    return saved;
  }
  void forward(Lanes lanes, const Real* couplings, Real* x, const Saved& saved) const {
    first_.forward(lanes, 1, couplings, saved.hidden);
    kernels::gelu(lanes.device, static_cast<std::int64_t>(hidden_values(lanes.rows)), saved.hidden, saved.active);
    second_.forward(lanes, 1, saved.active, saved.shift);
    kernels::broadcast_tokens(lanes.device, sites_, second_.out(), lanes.rows, saved.shift, x, kernels::Write::accumulate);
  }

  std::size_t scratch_values(int rows) const { return width_values(rows) + hidden_values(rows); }
  // The gradient of x passes unchanged.
  void backward(Lanes lanes, const Real* couplings, const Real* dx, const Saved& saved, Arena<Real> scratch, const Gradient<Real>& gradient) const {
    Real* dshift = scratch.take(width_values(lanes.rows));
    Real* dhidden = scratch.take(hidden_values(lanes.rows));
    kernels::sum_tokens(lanes.device, sites_, second_.out(), lanes.rows, dx, dshift);
    second_.backward_weights(lanes, 1, saved.active, dshift, gradient);
    second_.backward_input(lanes, 1, dshift, dhidden);
    kernels::gelu_backward(lanes.device, static_cast<std::int64_t>(hidden_values(lanes.rows)), saved.hidden, dhidden, dhidden);
    first_.backward_weights(lanes, 1, couplings, dhidden, gradient);
  }

  double flops() const { return first_.flops(1) + second_.flops(1); }

 private:
  std::size_t hidden_values(int rows) const { return std::size_t(first_.out()) * rows; }
  std::size_t width_values(int rows) const { return std::size_t(second_.out()) * rows; }

  int sites_;
  Dense<Real> first_;
  Dense<Real> second_;
};

}  // namespace qs

// What the couplings add to every token: x_i += Dense_1(gelu(Dense_0(couplings))). A shift before each block moves its norms and gelus, so that one
// network can compute differently for each Hamiltonian.
#pragma once

#include <string>
#include <vector>

#include "engine/wavefunctions/layers/perceptron.h"

namespace qs {

template <class Real>
class CouplingShift {
 public:
  struct Saved {
    typename Perceptron<Real>::Saved layers;
    Real* shift;
  };

  CouplingShift(const Tensors& tensors, const std::string& path, int couplings, int sites)
      : sites_(sites), layers_(tensors, path + "/Dense_0", path + "/Dense_1", couplings) {}

  static void declare(std::vector<TensorSpec>& specs, const std::string& path, int couplings, int hidden, int width) {
    Dense<double>::declare(specs, path + "/Dense_0", couplings, hidden, Initial::lecun_normal(couplings));
    Dense<double>::declare(specs, path + "/Dense_1", hidden, width, Initial::lecun_normal(hidden));
  }

  void load(std::span<const double> parameters) { layers_.load(parameters); }

  std::size_t evaluation_values(int rows) const {
    Arena<Real> count;
    carve(count, rows, Pass::evaluate);
    return count.used();
  }
  void evaluate(Lanes lanes, const Real* couplings, Real* x, Arena<Real> scratch) const {
    forward(lanes, couplings, x, carve(scratch, lanes.rows, Pass::evaluate));
  }

  Saved carve(Arena<Real>& arena, int rows, Pass pass) const {
    Saved saved;
    saved.layers = layers_.carve(arena, 1, rows, pass);
    saved.shift = arena.take(width_values(rows));
    return saved;
  }
  void forward(Lanes lanes, const Real* couplings, Real* x, const Saved& saved) const {
    layers_.forward(lanes, 1, couplings, saved.layers, saved.shift, kernels::Write::overwrite);
    kernels::network<Real>(lanes.device).broadcast_tokens(sites_, layers_.out(), lanes.rows, saved.shift, x, kernels::Write::accumulate);
  }

  std::size_t scratch_values(int rows) const { return width_values(rows) + layers_.scratch_values(1, rows); }
  // The gradient of x passes unchanged.
  void backward(Lanes lanes, const Real* couplings, const Real* dx, const Saved& saved, Arena<Real> scratch, const Gradient<Real>& gradient) const {
    Real* dshift = scratch.take(width_values(lanes.rows));
    kernels::network<Real>(lanes.device).sum_tokens(sites_, layers_.out(), lanes.rows, dx, dshift);
    layers_.backward(lanes, 1, couplings, saved.layers, dshift, nullptr, scratch, gradient);
  }

  double flops() const { return layers_.flops(1); }

 private:
  std::size_t width_values(int rows) const { return std::size_t(layers_.out()) * rows; }

  int sites_;
  Perceptron<Real> layers_;
};

}  // namespace qs

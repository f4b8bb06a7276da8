// A Slater determinant whose orbitals every configuration bends (backflow, Luo and Clark, PRL 122, 226401 (2019)): token i has the orbital values
// orbitals[i][k] + (LN(x_i) W)[k], and the determinant of those of the occupied tokens carries the signs of fermions.
#pragma once

#include <string>
#include <vector>

#include "engine/wavefunctions/layers/dense.h"
#include "engine/wavefunctions/layers/layer_norm.h"

namespace qs {

template <class Real>
class BackflowDeterminant {
 public:
  struct Saved {
    typename LayerNorm<Real>::Saved norm;
    Real* normed;     // [T][D][B]
    Real* orbitals;   // [T][K][B]
    double* factors;  // of the determinants
  };

  BackflowDeterminant(const Tensors& tensors, int tokens, int width, int orbitals)
      : tokens_(tokens),
        count_(orbitals),
        width_(width),
        norm_(tensors, "Backflow_0/LayerNorm_0"),
        bend_(tensors, "Backflow_0/Dense_0/kernel", "", width),
        orbitals_(tensors, "Backflow_0/orbitals"),
        no_table_(tensors.device, 2 * std::size_t(orbitals)) {}

  static void declare(std::vector<TensorSpec>& specs, int tokens, int width, int orbitals) {
    LayerNorm<double>::declare(specs, "Backflow_0/LayerNorm_0", width);
    // At the start the orbitals are bent a little: a random network is then close to a plain determinant.
    specs.push_back({"Backflow_0/Dense_0/kernel", {width, orbitals}, Initial::lecun_normal(100.0 * width)});
    specs.push_back({"Backflow_0/orbitals", {tokens, orbitals}, Initial::normal(1.0)});
  }

  void load(std::span<const double> parameters) {
    norm_.load(parameters);
    bend_.load(parameters);
    orbitals_.load(parameters);
  }

  Saved carve(Arena<Real>& arena, int rows) const {
    Saved saved;
    saved.norm = norm_.carve(arena, tokens_, rows);
    saved.normed = arena.take(stream_values(rows));
    saved.orbitals = arena.take(orbital_values(rows));
    saved.factors = reinterpret_cast<double*>(arena.take(std::size_t(count_) * (count_ + 2) * rows * (sizeof(double) / sizeof(Real))));
    return saved;
  }

  // x [T][D][B] is the residual stream. re += ln|det|, im = 0 or pi.
  void forward(Lanes lanes, const Real* spins, const Real* x, const Saved& saved, double* re, double* im) const {
    norm_.forward(lanes, tokens_, x, saved.normed, saved.norm);
    // The embedding with a table of zeros: every configuration starts from the same orbitals.
    kernels::embed_tokens(lanes.device, tokens_, count_, lanes.rows, spins, no_table_.data(), orbitals_.data(), saved.orbitals);
    bend_.forward(lanes, tokens_, saved.normed, saved.orbitals, kernels::Write::accumulate);
    kernels::log_determinant(lanes.device, shape(lanes.rows), spins, saved.orbitals, saved.factors, re, im);
  }

  std::size_t scratch_values(int rows) const { return orbital_values(rows) + stream_values(rows) + norm_.scratch_values(rows); }
  // dx += input gradient. The phase is piecewise constant: only the cotangent of Re log psi enters.
  void backward(Lanes lanes, const Saved& saved, const Real* wre, Real* dx, Arena<Real> scratch, const Gradient<Real>& gradient) const {
    Real* dorbitals = scratch.take(orbital_values(lanes.rows));
    Real* dnormed = scratch.take(stream_values(lanes.rows));
    kernels::log_determinant_backward(lanes.device, shape(lanes.rows), saved.factors, wre, dorbitals);
    kernels::emit_gradient(lanes.device, tokens_ * count_, lanes.rows, dorbitals, gradient.at(orbitals_.offset()));
    bend_.backward_weights(lanes, tokens_, saved.normed, dorbitals, gradient);
    bend_.backward_input(lanes, tokens_, dorbitals, dnormed);
    norm_.backward(lanes, tokens_, dnormed, saved.norm, dx, kernels::Write::accumulate, scratch, gradient);
  }

  double flops() const { return bend_.flops(tokens_) + 2.0 / 3.0 * count_ * count_ * count_; }

 private:
  std::size_t stream_values(int rows) const { return std::size_t(tokens_) * width_ * rows; }
  std::size_t orbital_values(int rows) const { return std::size_t(tokens_) * count_ * rows; }
  kernels::DeterminantShape shape(int rows) const { return {tokens_, count_, rows}; }

  int tokens_;
  int count_;
  int width_;
  LayerNorm<Real> norm_;
  Dense<Real> bend_;
  Weight<Real> orbitals_;
  Buffer<Real> no_table_;
};

}  // namespace qs

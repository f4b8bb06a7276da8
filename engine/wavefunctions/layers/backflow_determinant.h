// A Slater determinant whose orbitals follow the couplings and bend with the configuration (backflow, Luo and Clark, PRL 122, 226401 (2019)). Token i
// has the orbital values phi_i[k] (1 + (LN(x_i) U)[k]) + (LN(x_i) W)[k] with phi = orbitals + Dense(gelu(Dense(couplings))): what a mean field would
// give each Hamiltonian, times and plus what the other particles change. The determinant of the occupied tokens carries the signs of fermions.
#pragma once

#include <string>
#include <vector>

#include "engine/wavefunctions/layers/layer_norm.h"
#include "engine/wavefunctions/layers/perceptron.h"

namespace qs {

struct DeterminantSizes {
  int tokens, width;      // of the residual stream
  int orbitals;           // columns: the most particles
  int couplings, hidden;  // inputs and hidden units of phi
};

template <class Real>
class BackflowDeterminant {
 public:
  struct Saved {
    typename LayerNorm<Real>::Saved norm;
    Real* normed;  // [T][D][B]
    typename Perceptron<Real>::Saved mean_field;
    Real* phi;        // [T][K][B]
    Real* factor;     // [T][K][B]: LN(x) U
    Real* orbitals;   // [T][K][B]
    double* factors;  // of the determinants
  };

  BackflowDeterminant(const Tensors& tensors, const DeterminantSizes& sizes)
      : sizes_(sizes),
        norm_(tensors, "Backflow_0/LayerNorm_0"),
        add_(tensors, "Backflow_0/Dense_0/kernel", "", sizes.width),
        multiply_(tensors, "Backflow_0/Dense_1/kernel", "", sizes.width),
        mean_field_(tensors, "Backflow_0/Dense_2", "Backflow_0/Dense_3", sizes.couplings),
        orbitals_(tensors, "Backflow_0/orbitals"),
        no_table_(tensors.device, 2 * std::size_t(sizes.orbitals)) {}

  static void declare(std::vector<TensorSpec>& specs, const DeterminantSizes& sizes) {
    LayerNorm<double>::declare(specs, "Backflow_0/LayerNorm_0", sizes.width);
    // At the start the orbitals are bent a little: a random network is then close to a plain determinant, much the same for all couplings.
    const Initial little = Initial::lecun_normal(100.0 * sizes.width);
    specs.push_back({"Backflow_0/Dense_0/kernel", {sizes.width, sizes.orbitals}, little});
    specs.push_back({"Backflow_0/Dense_1/kernel", {sizes.width, sizes.orbitals}, little});
    Dense<double>::declare(specs, "Backflow_0/Dense_2", sizes.couplings, sizes.hidden, Initial::lecun_normal(sizes.couplings));
    Dense<double>::declare(specs, "Backflow_0/Dense_3", sizes.hidden, sizes.tokens * sizes.orbitals, Initial::lecun_normal(10.0 * sizes.hidden));
    specs.push_back({"Backflow_0/orbitals", {sizes.tokens, sizes.orbitals}, Initial::normal(1.0)});
  }

  void load(std::span<const double> parameters) {
    norm_.load(parameters);
    for (Dense<Real>* dense : {&add_, &multiply_}) dense->load(parameters);
    mean_field_.load(parameters);
    orbitals_.load(parameters);
  }

  Saved carve(Arena<Real>& arena, int rows, Pass pass) const {
    Saved saved;
    saved.norm = norm_.carve(arena, sizes_.tokens, rows);
    saved.normed = arena.take(stream_values(rows));
    saved.mean_field = mean_field_.carve(arena, 1, rows, pass);
    for (Real** piece : {&saved.phi, &saved.factor, &saved.orbitals}) *piece = arena.take(orbital_values(rows));
    const std::size_t K = sizes_.orbitals;
    saved.factors = reinterpret_cast<double*>(arena.take(K * (K + 2) * rows * (sizeof(double) / sizeof(Real))));
    return saved;
  }

  // x [T][D][B] is the residual stream. re += ln|det|, im = 0 or pi.
  void forward(Lanes lanes, const Real* spins, const Real* couplings, const Real* x, const Saved& saved, double* re, double* im) const {
    // The embedding with a table of zeros: every configuration starts from the same orbitals.
    kernels::network<Real>(lanes.device)
        .embed_tokens(sizes_.tokens, sizes_.orbitals, lanes.rows, spins, no_table_.data(), orbitals_.data(), saved.phi);
    mean_field_.forward(lanes, 1, couplings, saved.mean_field, saved.phi, kernels::Write::accumulate);
    norm_.forward(lanes, sizes_.tokens, x, saved.normed, saved.norm);
    add_.forward(lanes, sizes_.tokens, saved.normed, saved.orbitals);
    multiply_.forward(lanes, sizes_.tokens, saved.normed, saved.factor);
    const auto values = static_cast<std::int64_t>(orbital_values(lanes.rows));
    kernels::network<Real>(lanes.device).add(values, saved.phi, saved.orbitals);
    kernels::network<Real>(lanes.device).multiply(values, saved.phi, saved.factor, saved.orbitals, kernels::Write::accumulate);
    kernels::network<Real>(lanes.device).log_determinant(shape(lanes.rows), spins, saved.orbitals, saved.factors, re, im);
  }

  std::size_t scratch_values(int rows) const {
    return 2 * orbital_values(rows) + stream_values(rows) + mean_field_.scratch_values(1, rows) + norm_.scratch_values(rows);
  }
  // dx += input gradient. The phase is piecewise constant: only the cotangent of Re log psi enters.
  void backward(Lanes lanes, const Real* couplings, const Saved& saved, const Real* wre, Real* dx, Arena<Real> scratch,
                const Gradient<Real>& gradient) const {
    const int tokens = sizes_.tokens;
    const auto values = static_cast<std::int64_t>(orbital_values(lanes.rows));
    Real* dorbitals = scratch.take(orbital_values(lanes.rows));
    Real* dfactor = scratch.take(orbital_values(lanes.rows));
    Real* dnormed = scratch.take(stream_values(lanes.rows));
    kernels::network<Real>(lanes.device).log_determinant_backward(shape(lanes.rows), saved.factors, wre, dorbitals);
    kernels::network<Real>(lanes.device).multiply(values, dorbitals, saved.phi, dfactor, kernels::Write::overwrite);
    add_.backward_weights(lanes, tokens, saved.normed, dorbitals, gradient);
    add_.backward_input(lanes, tokens, dorbitals, dnormed);
    multiply_.backward_weights(lanes, tokens, saved.normed, dfactor, gradient);
    multiply_.backward_input(lanes, tokens, dfactor, dnormed, kernels::Write::accumulate);
    Real* dphi = dorbitals;  // (1 + factor) dorbitals
    kernels::network<Real>(lanes.device).multiply(values, dorbitals, saved.factor, dphi, kernels::Write::accumulate);
    kernels::network<Real>(lanes.device).emit_gradient(tokens * sizes_.orbitals, lanes.rows, dphi, gradient.at(orbitals_.offset()));
    mean_field_.backward(lanes, 1, couplings, saved.mean_field, dphi, nullptr, scratch, gradient);
    norm_.backward(lanes, tokens, dnormed, saved.norm, dx, kernels::Write::accumulate, scratch, gradient);
  }

  double flops() const {
    const double K = sizes_.orbitals;
    return add_.flops(sizes_.tokens) + multiply_.flops(sizes_.tokens) + mean_field_.flops(1) + 2.0 / 3.0 * K * K * K;
  }

 private:
  std::size_t stream_values(int rows) const { return std::size_t(sizes_.tokens) * sizes_.width * rows; }
  std::size_t orbital_values(int rows) const { return std::size_t(sizes_.tokens) * sizes_.orbitals * rows; }
  kernels::DeterminantShape shape(int rows) const { return {sizes_.tokens, sizes_.orbitals, rows}; }

  DeterminantSizes sizes_;
  LayerNorm<Real> norm_;
  Dense<Real> add_;
  Dense<Real> multiply_;
  Perceptron<Real> mean_field_;
  Weight<Real> orbitals_;
  Buffer<Real> no_table_;
};

}  // namespace qs

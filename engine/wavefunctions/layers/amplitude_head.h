// Pools all tokens into psi = Re + i Im: (Re, Im) = Dense_c(LN(Dense_b(gelu(Dense_a(x))))), or psi = Re if Dense_c has one output. log psi =
// ln|psi| + i arg psi in float64; psi = 0 gives Re log psi = -infinity. Or the one output is ln psi of a positive factor (Jastrow).
#pragma once

#include <string>

#include "engine/wavefunctions/layers/layer_norm.h"
#include "engine/wavefunctions/layers/perceptron.h"

namespace qs {

// What the outputs are: psi, or ln psi of a positive factor.
enum class HeadOutput { psi, log_psi };

template <class Real>
class AmplitudeHead {
 public:
  struct Paths {
    std::string first, second, norm, out;
  };
  struct Saved {
    typename Perceptron<Real>::Saved pool;
    Real* pooled;  // before the norm, not needed by backward
    typename LayerNorm<Real>::Saved norm;
    Real* normed;
    Real* psi;  // [outputs][B]
  };

  AmplitudeHead(const Tensors& tensors, const Paths& paths, int inputs, HeadOutput output)
      : output_(output), pool_(tensors, paths.first, paths.second, inputs), norm_(tensors, paths.norm), out_(tensors, paths.out, pool_.out()) {}

  void load(std::span<const double> parameters) {
    pool_.load(parameters);
    norm_.load(parameters);
    out_.load(parameters);
  }

  Saved carve(Arena<Real>& arena, int rows, Pass pass) const {
    Saved saved;
    saved.pool = pool_.carve(arena, 1, rows, pass);
    saved.pooled = arena.take(pooled_values(rows));
    saved.norm = norm_.carve(arena, 1, rows);
    saved.normed = arena.take(pooled_values(rows));
    saved.psi = arena.take(output_values(rows));
    return saved;
  }

  void forward(Lanes lanes, const Real* x, const Saved& saved, double* re, double* im) const {
    pool_.forward(lanes, 1, x, saved.pool, saved.pooled, kernels::Write::overwrite);
    norm_.forward(lanes, 1, saved.pooled, saved.normed, saved.norm);
    out_.forward(lanes, 1, saved.normed, saved.psi);
    if (output_ == HeadOutput::log_psi) {
      kernels::network<Real>(lanes.device).widen(lanes.rows, saved.psi, re);
      kernels::clear(lanes.device, im, lanes.rows * sizeof(double));
    } else {
      kernels::network<Real>(lanes.device).log_amplitude(lanes.rows, saved.psi, imaginary(saved.psi, lanes.rows), re, im);
    }
  }

  std::size_t scratch_values(int rows) const {
    return output_values(rows) + 2 * pooled_values(rows) + pool_.scratch_values(1, rows) + norm_.scratch_values(rows);
  }
  // Overwrites dx.
  void backward(Lanes lanes, const Real* x, const Saved& saved, const Real* wre, const Real* wim, Real* dx, Arena<Real> scratch,
                const Gradient<Real>& gradient) const {
    Real* dpsi = scratch.take(output_values(lanes.rows));
    Real* dnormed = scratch.take(pooled_values(lanes.rows));
    Real* dpooled = scratch.take(pooled_values(lanes.rows));
    if (output_ == HeadOutput::psi) {
      kernels::network<Real>(lanes.device)
          .log_amplitude_backward(lanes.rows, saved.psi, imaginary(saved.psi, lanes.rows), wre, wim, dpsi, imaginary(dpsi, lanes.rows));
    }
    const Real* doutput = output_ == HeadOutput::psi ? dpsi : wre;
    out_.backward_weights(lanes, 1, saved.normed, doutput, gradient);
    out_.backward_input(lanes, 1, doutput, dnormed);
    norm_.backward(lanes, 1, dnormed, saved.norm, dpooled, kernels::Write::overwrite, scratch, gradient);
    pool_.backward(lanes, 1, x, saved.pool, dpooled, dx, scratch, gradient);
  }

  double flops() const { return pool_.flops(1) + out_.flops(1); }

 private:
  std::size_t pooled_values(int rows) const { return std::size_t(pool_.out()) * rows; }
  std::size_t output_values(int rows) const { return std::size_t(out_.out()) * rows; }
  // The second row of psi or its gradient; nullptr for a real amplitude.
  Real* imaginary(Real* psi, int rows) const { return out_.out() == 2 ? psi + rows : nullptr; }

  HeadOutput output_;
  Perceptron<Real> pool_;
  LayerNorm<Real> norm_;
  Dense<Real> out_;
};

}  // namespace qs

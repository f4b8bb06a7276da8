// Pools all tokens into psi = Re + i Im: (Re, Im) = Dense_c(LN(Dense_b(gelu(Dense_a(x))))), or psi = Re if Dense_c has one output. log psi =
// ln|psi| + i arg psi in float64; psi = 0 gives Re log psi = -infinity. Or the one output is ln psi of a positive factor (Jastrow).
#pragma once

#include <string>

#include "engine/wavefunctions/layers/dense.h"
#include "engine/wavefunctions/layers/layer_norm.h"

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
    Real* hidden;  // before gelu
    Real* active;
    Real* pooled;  // before the norm, not needed by backward
    typename LayerNorm<Real>::Saved norm;
    Real* normed;
    Real* psi;  // [outputs][B]
  };

  AmplitudeHead(const Tensors& tensors, const Paths& paths, int inputs, HeadOutput output)
      : output_(output),
        first_(tensors, paths.first, inputs),
        second_(tensors, paths.second, first_.out()),
        norm_(tensors, paths.norm),
        out_(tensors, paths.out, second_.out()) {}

  void load(std::span<const double> parameters) {
    for (Dense<Real>* dense : {&first_, &second_, &out_}) dense->load(parameters);
    norm_.load(parameters);
  }

  Saved carve(Arena<Real>& arena, int rows, Pass pass) const {
    Saved saved;
    saved.hidden = arena.take(hidden_values(rows));
    saved.active = pass == Pass::evaluate ? saved.hidden : arena.take(hidden_values(rows));
    saved.pooled = arena.take(pooled_values(rows));
    saved.norm = norm_.carve(arena, 1, rows);
    saved.normed = arena.take(pooled_values(rows));
    saved.psi = arena.take(output_values(rows));
    return saved;
  }

  void forward(Lanes lanes, const Real* x, const Saved& saved, double* re, double* im) const {
    first_.forward(lanes, 1, x, saved.hidden);
    kernels::gelu(lanes.device, static_cast<std::int64_t>(hidden_values(lanes.rows)), saved.hidden, saved.active);
    second_.forward(lanes, 1, saved.active, saved.pooled);
    norm_.forward(lanes, 1, saved.pooled, saved.normed, saved.norm);
    out_.forward(lanes, 1, saved.normed, saved.psi);
    if (output_ == HeadOutput::log_psi) {
      kernels::widen(lanes.device, lanes.rows, saved.psi, re);
      kernels::clear(lanes.device, im, lanes.rows * sizeof(double));
    } else {
      kernels::log_amplitude(lanes.device, lanes.rows, saved.psi, imaginary(saved.psi, lanes.rows), re, im);
    }
  }

  std::size_t scratch_values(int rows) const {
    return output_values(rows) + 2 * pooled_values(rows) + hidden_values(rows) + norm_.scratch_values(rows);
  }
  // Overwrites dx.
  void backward(Lanes lanes, const Real* x, const Saved& saved, const Real* wre, const Real* wim, Real* dx, Arena<Real> scratch,
                const Gradient<Real>& gradient) const {
    Real* dpsi = scratch.take(output_values(lanes.rows));
    Real* dnormed = scratch.take(pooled_values(lanes.rows));
    Real* dpooled = scratch.take(pooled_values(lanes.rows));
    Real* dhidden = scratch.take(hidden_values(lanes.rows));
    if (output_ == HeadOutput::psi) {
      kernels::log_amplitude_backward(lanes.device, lanes.rows, saved.psi, imaginary(saved.psi, lanes.rows), wre, wim, dpsi,
                                      imaginary(dpsi, lanes.rows));
    }
    const Real* doutput = output_ == HeadOutput::psi ? dpsi : wre;
    out_.backward_weights(lanes, 1, saved.normed, doutput, gradient);
    out_.backward_input(lanes, 1, doutput, dnormed);
    norm_.backward(lanes, 1, dnormed, saved.norm, dpooled, kernels::Write::overwrite, scratch, gradient);
    second_.backward_weights(lanes, 1, saved.active, dpooled, gradient);
    second_.backward_input(lanes, 1, dpooled, dhidden);
    kernels::gelu_backward(lanes.device, static_cast<std::int64_t>(hidden_values(lanes.rows)), saved.hidden, dhidden, dhidden);
    first_.backward_weights(lanes, 1, x, dhidden, gradient);
    first_.backward_input(lanes, 1, dhidden, dx);
  }

  double flops() const { return first_.flops(1) + second_.flops(1) + out_.flops(1); }

 private:
  std::size_t hidden_values(int rows) const { return std::size_t(first_.out()) * rows; }
  std::size_t pooled_values(int rows) const { return std::size_t(second_.out()) * rows; }

  std::size_t output_values(int rows) const { return std::size_t(out_.out()) * rows; }
  // The second row of psi or its gradient; nullptr for a real amplitude.
  Real* imaginary(Real* psi, int rows) const { return out_.out() == 2 ? psi + rows : nullptr; }

  HeadOutput output_;
  Dense<Real> first_;
  Dense<Real> second_;
  LayerNorm<Real> norm_;
  Dense<Real> out_;
};

}  // namespace qs

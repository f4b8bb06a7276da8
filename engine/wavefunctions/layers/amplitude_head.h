// Pools all tokens into psi = Re + i Im: (Re, Im) = Dense_c(LN(Dense_b(gelu(Dense_a(x))))), or psi = Re if Dense_c has one output. log psi =
// ln|psi| + i arg psi in float64; psi = 0 gives Re log psi = -infinity. Or the one output is ln psi of a positive factor (Jastrow).
#pragma once

#include <string>

#include "engine/wavefunctions/layers/layer_norm.h"
#include "engine/wavefunctions/layers/perceptron.h"

namespace qs {

// What the outputs are: psi, or ln psi of a positive factor.
enum class HeadOutput { psi, log_psi };

struct AmplitudeHeadSpec {
  DenseSpec first, second;
  std::string norm;
  DenseSpec out;
};

template <class Real>
class AmplitudeHead {
 public:
  AmplitudeHead(const Builder<Real>& build, const AmplitudeHeadSpec& spec, HeadOutput output)
      : output_(output),
        pool_(build, spec.first, spec.second, 1),
        norm_(build, spec.norm, 1, spec.out.in),
        out_(build, spec.out, 1),
        psi_(build.keep(out_.out())),
        dpsi_(build.scratch(out_.out(), Pass::differentiate)) {
    for (Slot* slot : {&pooled_, &normed_}) *slot = build.keep(spec.out.in);
    for (Slot* slot : {&dpooled_, &dnormed_}) *slot = build.scratch(spec.out.in, Pass::differentiate);
  }

  void forward(const Run<Real>& run, const Real* x, double* re, double* im) const {
    Real* psi = run.at(psi_);
    pool_.forward(run, x, run.at(pooled_), kernels::Write::overwrite);
    norm_.forward(run, run.at(pooled_), run.at(normed_));
    out_.forward(run, run.at(normed_), psi);
    if (output_ == HeadOutput::log_psi) {
      kernels::network<Real>(run.device).widen(run.rows, psi, re);
      kernels::clear(run.device, im, run.rows * sizeof(double));
    } else {
      kernels::network<Real>(run.device).log_amplitude(run.rows, psi, imaginary(psi, run.rows), re, im);
    }
  }
  // Overwrites dx.
  void backward(const Run<Real>& run, const Real* x, const Real* wre, const Real* wim, Real* dx) const {
    Real *psi = run.at(psi_), *dpsi = run.at(dpsi_);
    if (output_ == HeadOutput::psi)
      kernels::network<Real>(run.device).log_amplitude_backward(run.rows, psi, imaginary(psi, run.rows), wre, wim, dpsi, imaginary(dpsi, run.rows));
    const Real* doutput = output_ == HeadOutput::psi ? dpsi : wre;
    out_.backward_weights(run, run.at(normed_), doutput);
    out_.backward_input(run, doutput, run.at(dnormed_));
    norm_.backward(run, run.at(dnormed_), run.at(dpooled_), kernels::Write::overwrite);
    pool_.backward(run, x, run.at(dpooled_), dx);
  }

 private:
  // The second row of psi or its gradient; nullptr for a real amplitude.
  Real* imaginary(Real* psi, int rows) const { return out_.out() == 2 ? psi + rows : nullptr; }

  HeadOutput output_;
  Perceptron<Real> pool_;
  LayerNorm<Real> norm_;
  Dense<Real> out_;
  Slot psi_, dpsi_;  // [outputs][B]
  Slot pooled_, normed_, dpooled_, dnormed_;
};

}  // namespace qs

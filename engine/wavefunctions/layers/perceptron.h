// y (+)= second(gelu(first(x))) on every token.
#pragma once

#include "engine/wavefunctions/layers/dense.h"

namespace qs {

template <class Real>
class Perceptron {
 public:
  Perceptron(const Builder<Real>& build, const DenseSpec& first, const DenseSpec& second, int tokens)
      : first_(build, first, tokens),
        second_(build, second, tokens),
        values_(std::size_t(tokens) * second.in),
        hidden_(build.keep(values_)),
        active_(build.keep_for_backward(values_)),
        dhidden_(build.scratch(values_, Pass::differentiate)) {}

  void forward(const Run<Real>& run, const Real* x, Real* y, kernels::Write write) const {
    Real* hidden = run.at(hidden_);
    Real* active = run.pass == Pass::evaluate ? hidden : run.at(active_);
    first_.forward(run, x, hidden);
    kernels::network<Real>(run.device).gelu(static_cast<std::int64_t>(values_) * run.rows, hidden, active);
    second_.forward(run, active, y, write);
  }
  // Overwrites dx, the gradient of x; nullptr where nothing learns from it.
  void backward(const Run<Real>& run, const Real* x, const Real* dy, Real* dx) const {
    Real* dhidden = run.at(dhidden_);
    second_.backward_weights(run, run.at(active_), dy);
    second_.backward_input(run, dy, dhidden);
    kernels::network<Real>(run.device).gelu_backward(static_cast<std::int64_t>(values_) * run.rows, run.at(hidden_), dhidden, dhidden);
    first_.backward_weights(run, x, dhidden);
    if (dx != nullptr) first_.backward_input(run, dhidden, dx);
  }

  const Dense<Real>& first() const { return first_; }
  const Dense<Real>& second() const { return second_; }

 private:
  Dense<Real> first_, second_;
  std::size_t values_;
  Slot hidden_, active_;  // before and after gelu
  Slot dhidden_;
};

}  // namespace qs

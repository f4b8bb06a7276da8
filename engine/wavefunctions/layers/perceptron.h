// y (+)= second(gelu(first(x))) on every token.
#pragma once

#include <string>
#include <vector>

#include "engine/wavefunctions/layers/dense.h"

namespace qs {

template <class Real>
class Perceptron {
 public:
  struct Saved {
    Real* hidden;  // before gelu
    Real* active;  // after gelu
  };

  Perceptron(const Tensors& tensors, const std::string& first_path, const std::string& second_path, int in)
      : first_(tensors, first_path, in), second_(tensors, second_path, first_.out()) {}

  void load(std::span<const double> parameters) {
    first_.load(parameters);
    second_.load(parameters);
  }

  Saved carve(Arena<Real>& arena, int tokens, int rows, Pass pass) const {
    Saved saved;
    saved.hidden = arena.take(hidden_values(tokens, rows));
    saved.active = pass == Pass::evaluate ? saved.hidden : arena.take(hidden_values(tokens, rows));
    return saved;
  }
  void forward(Lanes lanes, int tokens, const Real* x, const Saved& saved, Real* y, kernels::Write write) const {
    first_.forward(lanes, tokens, x, saved.hidden);
    kernels::network<Real>(lanes.device).gelu(static_cast<std::int64_t>(hidden_values(tokens, lanes.rows)), saved.hidden, saved.active);
    second_.forward(lanes, tokens, saved.active, y, write);
  }

  std::size_t scratch_values(int tokens, int rows) const { return hidden_values(tokens, rows); }
  // Overwrites dx, the gradient of x; nullptr where nothing learns from it.
  void backward(Lanes lanes, int tokens, const Real* x, const Saved& saved, const Real* dy, Real* dx, Arena<Real> scratch,
                const Gradient<Real>& gradient) const {
    Real* dhidden = scratch.take(hidden_values(tokens, lanes.rows));
    second_.backward_weights(lanes, tokens, saved.active, dy, gradient);
    second_.backward_input(lanes, tokens, dy, dhidden);
    kernels::network<Real>(lanes.device).gelu_backward(static_cast<std::int64_t>(hidden_values(tokens, lanes.rows)), saved.hidden, dhidden, dhidden);
    first_.backward_weights(lanes, tokens, x, dhidden, gradient);
    if (dx != nullptr) first_.backward_input(lanes, tokens, dhidden, dx);
  }

  int in() const { return first_.in(); }
  int hidden() const { return first_.out(); }
  int out() const { return second_.out(); }
  const Dense<Real>& first() const { return first_; }
  const Dense<Real>& second() const { return second_; }
  double flops(int tokens) const { return first_.flops(tokens) + second_.flops(tokens); }

 private:
  std::size_t hidden_values(int tokens, int rows) const { return std::size_t(tokens) * first_.out() * rows; }

  Dense<Real> first_;
  Dense<Real> second_;
};

}  // namespace qs

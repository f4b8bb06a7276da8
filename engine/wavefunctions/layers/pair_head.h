// A two-body correlation factor: log psi += sum_{i<j} s_i s_j sum_m (J_m + J_m(couplings)) g_m(r_ij) with given functions g. It carries the power
// laws of critical states in their finite-size form (Haldane-Shastry: ln of the chord distance alone), which attention of a finite range cannot.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/wavefunctions/layers/perceptron.h"
#include "engine/wavefunctions/pair_features.h"

namespace qs {

template <class Real>
class PairHead {
 public:
  static constexpr int hidden = 16;

  // index [tokens][tokens] and functions as in PairFeatures; couplings [features][B], filled before forward.
  PairHead(const Builder<Real>& build, const std::string& path, const std::vector<std::int32_t>& index, const Basis& functions, int tokens,
           const Slot& couplings, int features)
      : tokens_(tokens),
        classes_(functions.classes()),
        functions_(functions.functions),
        index_(build.indices(index)),
        couplings_(couplings),
        linear_(build, DenseSpec{functions_, {path + "/linear", {functions_}, Initial::normal(0.01)}, {}}, 1),
        contract_(build.constants(functions.transposed())),
        pairs_(build.scratch(classes_)),
        sums_(build.keep(functions_)),
        weights_(build.scratch(functions_)),
        sum_(build.scratch(1)) {
    if (features > 0)
      layers_.emplace(build, lecun_dense(path + "/Dense_0", features, hidden),
                      dense_spec(path + "/Dense_1", hidden, functions_, Initial::normal(0.01)), 1);
    build.flops(2.0 * tokens * tokens + 2.0 * classes_ * functions_);
  }

  // spins [T][B] of -1/+1; adds to out [B].
  void forward(const Run<Real>& run, const Real* spins, Real* out) const {
    const auto& table = kernels::network<Real>(run.device);
    Real *sums = run.at(sums_), *weights = run.at(weights_);
    // A mixing matrix that maps s to itself by class has the gradient sum over (i, j) of that class of s_i s_j.
    table.mix_tokens_weight_gradient({tokens_, 1, 1, run.rows, classes_}, spins, spins, index_.data(), run.at(pairs_));
    table.dense({1, classes_, functions_, run.rows}, run.at(pairs_), contract_.data(), nullptr, sums, kernels::Write::overwrite);
    linear_.forward(run, sums, out, kernels::Write::accumulate);
    if (!layers_) return;
    layers_->forward(run, run.at(couplings_), weights, kernels::Write::overwrite);
    table.multiply(std::int64_t{functions_} * run.rows, sums, weights, weights, kernels::Write::overwrite);
    table.sum_tokens(functions_, 1, run.rows, weights, run.at(sum_));
    table.add(run.rows, run.at(sum_), out);
  }

  // cotangent [B] of out.
  void backward(const Run<Real>& run, const Real* cotangent) const {
    linear_.backward_weights(run, run.at(sums_), cotangent);
    if (!layers_) return;
    const auto& table = kernels::network<Real>(run.device);
    Real* weights = run.at(weights_);
    table.broadcast_tokens(functions_, 1, run.rows, cotangent, weights, kernels::Write::overwrite);
    table.multiply(std::int64_t{functions_} * run.rows, run.at(sums_), weights, weights, kernels::Write::overwrite);
    layers_->backward(run, run.at(couplings_), weights, nullptr);
  }

 private:
  int tokens_, classes_, functions_;
  Buffer<std::int32_t> index_;
  Slot couplings_;
  Dense<Real> linear_;
  std::optional<Perceptron<Real>> layers_;
  Buffer<Real> contract_;  // [classes][functions]
  Slot pairs_;             // [classes][B]: sums of s_i s_j
  Slot sums_;              // [functions][B]: weighted by g
  Slot weights_, sum_;
};

}  // namespace qs

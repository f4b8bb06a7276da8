// A Slater determinant whose orbitals follow the couplings and bend with the configuration (backflow, Luo and Clark, PRL 122, 226401 (2019)). Token i
// has the orbital values phi_i[k] (1 + (LN(x_i) U)[k]) + (LN(x_i) W)[k] with phi = orbitals + Dense(gelu(Dense(couplings))): what a mean field would
// give each Hamiltonian, times and plus what the other particles change. The determinant of the occupied tokens carries the signs of fermions.
// Where it starts from a mean field, the orbitals of that are added to phi, and all that is learned starts at zero.
#pragma once

#include <string>
#include <vector>

#include "engine/wavefunctions/layers/layer_norm.h"
#include "engine/wavefunctions/layers/perceptron.h"
#include "hamiltonians/mean_field/orbital_start.h"

namespace qs {

struct DeterminantSizes {
  int tokens, width;      // of the residual stream
  int orbitals;           // columns: the most particles
  int couplings, hidden;  // inputs and hidden units of phi
  OrbitalStart start;
};

template <class Real>
class BackflowDeterminant {
 public:
  BackflowDeterminant(const Builder<Real>& build, const DeterminantSizes& sizes)
      : sizes_(sizes),
        values_(std::size_t(sizes.tokens) * sizes.orbitals),
        norm_(build, "Backflow_0/LayerNorm_0", sizes.tokens, sizes.width),
        add_(build, bend("Backflow_0/Dense_0/kernel"), sizes.tokens),
        multiply_(build, bend("Backflow_0/Dense_1/kernel"), sizes.tokens),
        mean_field_(build, lecun_dense("Backflow_0/Dense_2", sizes.couplings, sizes.hidden),
                    dense_spec("Backflow_0/Dense_3", sizes.hidden, static_cast<int>(values_), at_first(Initial::lecun_normal(10.0 * sizes.hidden))),
                    1),
        orbitals_(build.tensor({"Backflow_0/orbitals", {sizes.tokens, sizes.orbitals}, at_first(Initial::normal(1.0))})),
        no_table_(build.device(), 2 * std::size_t(sizes.orbitals)) {
    const std::size_t K = sizes.orbitals, stream = std::size_t(sizes.tokens) * sizes.width;
    normed_ = build.keep(stream);
    dnormed_ = build.scratch(stream, Pass::differentiate);
    for (Slot* slot : {&phi_, &factor_, &bent_}) *slot = build.keep(values_);
    for (Slot* slot : {&dbent_, &dfactor_}) *slot = build.scratch(values_, Pass::differentiate);
    factors_ = build.keep(K * (K + 2) * (sizeof(double) / sizeof(Real)));
    build.flops(2.0 / 3.0 * sizes.orbitals * sizes.orbitals * sizes.orbitals);
  }

  // x [T][D][B] is the residual stream, start [T][K][B] the orbitals of the mean field (nullptr: none). re += ln|det|, im = 0 or pi.
  void forward(const Run<Real>& run, const Real* spins, const Real* couplings, const Real* start, const Real* x, double* re, double* im) const {
    Real *phi = run.at(phi_), *factor = run.at(factor_), *bent = run.at(bent_);
    // The embedding with a table of zeros: every configuration starts from the same orbitals.
    kernels::network<Real>(run.device).embed_tokens(sizes_.tokens, sizes_.orbitals, run.rows, spins, no_table_.data(), orbitals_.data(), phi);
    mean_field_.forward(run, couplings, phi, kernels::Write::accumulate);
    if (start != nullptr) kernels::network<Real>(run.device).add(values(run), start, phi);
    norm_.forward(run, x, run.at(normed_));
    add_.forward(run, run.at(normed_), bent);
    multiply_.forward(run, run.at(normed_), factor);
    kernels::network<Real>(run.device).add(values(run), phi, bent);
    kernels::network<Real>(run.device).multiply(values(run), phi, factor, bent, kernels::Write::accumulate);
    kernels::network<Real>(run.device).log_determinant(shape(run.rows), spins, bent, factors(run), re, im);
  }
  // dx += input gradient. The phase is piecewise constant: only the cotangent of Re log psi enters.
  void backward(const Run<Real>& run, const Real* couplings, const Real* wre, Real* dx) const {
    Real *dbent = run.at(dbent_), *dfactor = run.at(dfactor_), *normed = run.at(normed_), *dnormed = run.at(dnormed_);
    kernels::network<Real>(run.device).log_determinant_backward(shape(run.rows), factors(run), wre, dbent);
    kernels::network<Real>(run.device).multiply(values(run), dbent, run.at(phi_), dfactor, kernels::Write::overwrite);
    add_.backward_weights(run, normed, dbent);
    add_.backward_input(run, dbent, dnormed);
    multiply_.backward_weights(run, normed, dfactor);
    multiply_.backward_input(run, dfactor, dnormed, kernels::Write::accumulate);
    Real* dphi = dbent;  // (1 + factor) dbent
    kernels::network<Real>(run.device).multiply(values(run), dbent, run.at(factor_), dphi, kernels::Write::accumulate);
    run.emit(orbitals_, dphi);
    mean_field_.backward(run, couplings, dphi, nullptr);
    norm_.backward(run, dnormed, dx, kernels::Write::accumulate);
  }

 private:
  // At the start the orbitals are bent a little: a random network is then close to a plain determinant, much the same for all couplings.
  DenseSpec bend(const char* path) const {
    return {sizes_.width, {path, {sizes_.width, sizes_.orbitals}, at_first(Initial::lecun_normal(100.0 * sizes_.width))}, {}};
  }
  Initial at_first(Initial random) const { return sizes_.start == OrbitalStart::random ? random : Initial::zero(); }
  std::int64_t values(const Run<Real>& run) const { return static_cast<std::int64_t>(values_) * run.rows; }
  double* factors(const Run<Real>& run) const { return reinterpret_cast<double*>(run.at(factors_)); }
  kernels::DeterminantShape shape(int rows) const { return {sizes_.tokens, sizes_.orbitals, rows}; }

  DeterminantSizes sizes_;
  std::size_t values_;  // of all orbitals, per row
  LayerNorm<Real> norm_;
  Dense<Real> add_, multiply_;
  Perceptron<Real> mean_field_;
  Weight<Real> orbitals_;
  Buffer<Real> no_table_;
  Slot normed_;               // [T][D][B]
  Slot phi_, factor_, bent_;  // [T][K][B]: factor LN(x) U, bent the orbitals
  Slot factors_;              // of the determinants, float64
  Slot dnormed_, dbent_, dfactor_;
};

}  // namespace qs

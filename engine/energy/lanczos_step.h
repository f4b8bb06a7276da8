// The Lanczos step: the lowest state of span{psi, H psi}, from samples or from the whole basis.
//
// With s = Var^(1/2) and mu = <(H - E)^3>/s^3 it is psi + (x/s) (H - E) psi, x = (mu - (mu^2 + 4)^(1/2))/2, at E* = E + s x (the centred form of
// Sorella, Phys. Rev. B 64 (2001) 024512, cond-mat/0009149, without its pole at 1 + alpha E = 0).
#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/energy/second_order.h"

namespace qs {

// (constant + linear K) psi, with K of its EnergyScale; energy in units of K.
struct LanczosStep {
  double mu = 0, x = 0;
  double energy = 0;
  double constant = 1, linear = 0;

  double alpha(const EnergyScale& scale) const;  // the same state is psi + alpha H psi
};

// moments <K>, <K^2>, <K^3>. No step where <K^2> - <K>^2 is no more than rounding: psi is an eigenstate.
LanczosStep lanczos_step(double first, double second, double third);

// A state with Var^(1/2) below so many |E| is taken for an eigenstate: there is nothing to gain, and the powers of H - E are rounding.
inline constexpr double eigenstate_spread = 1e-6;

// The scale of the mean and variance of an estimate. Of an eigenstate the variance on this scale is no more than rounding.
EnergyScale energy_scale(double energy, double variance);

// What a step does on samples of one problem; energies and variances in units of K and K^2.
struct SampledStep {
  LanczosStep step;  // of all samples
  // [samples]: their weighted mean is E*, their deviations are its residuals w (E_alpha - E*)/mean w. Each half of the chains takes alpha from the
  // other half: from its own, E* would be too low by E''(alpha) Var(alpha)/2.
  std::vector<std::complex<double>> energies;
  double variance = 0;                     // of the state after the step
  std::vector<double> variance_residuals;  // [samples]: weighted mean 0
  double zeros = 0;                        // weight of that state where psi is zero
  double effective = 1;                    // effective samples / samples: <w>^2 / <w^2>, w = |psi after / psi before|^2
};
// values: of one problem, in global order, [chains][samples of a chain] with at least two chains; weight: sum 1.
SampledStep sampled_step(const SecondOrder& values, std::span<const double> weight, std::int64_t chains);

}  // namespace qs

// One network for every size: a transformer whose tokens are sites and whose parameters multiply functions of the distance between them, a sum over
// sites as log psi, and a two-body factor. The number of parameters does not depend on the lattice, and weights learned on small ones, where exact
// states are known, are a starting point, or an answer, on larger ones.
//
// Attention is that of Viteritti, Rende and Becca (PRL 130, 236401) with one function instead of one number per displacement; couplings shift every
// block (FNQS, arXiv 2502.09488, gives them to every patch). Nothing normalises after the sum over sites, so that log psi is extensive.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/wavefunctions/registry.h"
#include "engine/wavefunctions/wavefunction.h"

namespace qs {

enum class FoundationAmplitude { complex, real };

// What tells one site from another: nothing, or its sublattice, where a field or a sign differs between the two.
enum class FoundationSites { alike, sublattices };

struct FoundationOptions {
  int layers = 2;
  int d_model = 16;
  int heads = 4;
  int mlp = 32;
  FoundationAmplitude amplitude = FoundationAmplitude::complex;
  FoundationSites sites = FoundationSites::alike;
  std::vector<std::string> couplings;
};

// One token per site. InputError on sizes that do not fit, unknown couplings, sites of two modes, and lattices without distances (pair_features.h).
std::unique_ptr<Wavefunction> make_foundation(const FoundationOptions& options, const NetworkInput& input, Precision precision, Device device);

template <>
const WavefunctionEntry& wavefunction_entry<FoundationOptions>();

}  // namespace qs

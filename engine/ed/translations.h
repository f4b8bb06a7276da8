// How an exact ground level behaves when configurations are moved along a lattice with wrapping axes. Amplitudes are moved as they are, without the
// signs of fermions: a network that does not change under translations is such a function of the configuration.
#pragma once

#include <vector>

#include "engine/ed/lanczos.h"
#include "hamiltonians/lattice.h"
#include "hamiltonians/sector.h"

namespace qs {

struct TranslationContent {
  // The largest |<psi|phi>| of a state phi of the level with a normalised function psi that is the same at configurations moved by `steps`: 0 to 1.
  double largest_overlap = 0;
  // Momenta of the amplitudes, T_R phi = exp(-i k R) phi, in units of 2 pi / L along each axis, one for every state of the level; empty if moving by
  // one cell leads out of the level.
  std::vector<std::vector<int>> momenta;
};

// `steps`: cells per axis, dividing the lattice, which is not tilted.
TranslationContent translation_content(const Lattice& lattice, const Sector& sector, const EdResult& exact, const std::vector<int>& steps);

}  // namespace qs

// Inside hamiltonians/symmetry: what makes a sector of complex characters real.
#pragma once

#include <optional>
#include <vector>

#include "hamiltonians/symmetry/site_context.h"
#include "hamiltonians/symmetry/symmetry_sector.h"
#include "hamiltonians/symmetry/term_invariance.h"

namespace qs {

// One map for equal maps: (-1)^(all occupied modes) is a constant where `parity` is that of their number (-1: not known).
StateMap canonical(StateMap map, int parity);

// An isometry I of the lattice with chi(I g I^-1) = conj(chi(g)) that leaves the terms as they are (SymmetrySector::conjugate); nothing if there is
// none. `elements` that turn bits over must commute with isometries; the Hamiltonian is real.
std::optional<StateMap> find_conjugator(const SiteContext& context, const TermInvariance& terms,
                                        const std::vector<SymmetrySector::Element>& elements);

}  // namespace qs

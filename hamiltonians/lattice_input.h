// The keys of a lattice.
#pragma once

#include "engine/base/options.h"
#include "hamiltonians/lattice_kinds.h"

namespace qs {

Options<LatticeOptions> lattice_options(const LatticeKind& kind);
LatticeOptions read_lattice(const Node& node);

}  // namespace qs

// The words of the input for a sector of the symmetry group.
#pragma once

#include "engine/base/options.h"
#include "hamiltonians/symmetry/symmetry_sector.h"

namespace qs {

Options<PermutationOptions> permutation_options();
Options<SymmetryOptions> symmetry_options();

}  // namespace qs

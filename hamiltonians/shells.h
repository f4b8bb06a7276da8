// Neighbours by distance in the infinite lattice.
#pragma once

#include <vector>

#include "hamiltonians/unit_cell.h"

namespace qs {

// All steps whose length is the shell-th distance between sites of the infinite lattice, both directions of each bond; shell 0 holds
// the steps of length 0. Distances whose squares differ by less than 1e-4 of that of the shortest primitive vector count as equal, so
// that a user may write 0.866 for sqrt(3) / 2.
std::vector<CellStep> shell_steps(const UnitCell& cell, int shell);

}  // namespace qs

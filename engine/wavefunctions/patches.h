// Cuts a lattice of cells into equal patches: the tokens of a vision transformer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/wavefunctions/wavefunction.h"

namespace qs {

struct Patches {
  int tokens = 0;
  int entries = 0;                         // modes per patch
  std::vector<std::int32_t> modes;         // [tokens][entries]
  std::vector<std::int32_t> displacement;  // [tokens][tokens]: token index of (patch q - patch p) on the periodic lattice of patches
};

// Displacements of modes: index[p][q] numbers the pair of (displacement of the cells on the torus, site of p's cell, site of q's cell, spin of p,
// spin of q); pairs that a translation maps onto each other have the same number.
struct ModeDisplacements {
  int count = 0;
  std::vector<std::int32_t> index;  // [modes][modes]
};
ModeDisplacements mode_displacements(const NetworkInput& input);

// The same by the translations that the lattice has, on lattices with ends, tilted tori and graphs too: pairs that none of them maps onto each other
// have numbers of their own, in the order in which they come.
ModeDisplacements translation_classes(const NetworkInput& input);
// Cells around each cell of a torus, tilted or not, within a cube of `side` (odd) cells per axis, the first axis slowest. Offset k lies opposite to
// offset offsets - 1 - k; on a short axis, several offsets lead to one cell.
struct Neighbourhood {
  int cells = 0, offsets = 0;
  std::vector<std::int32_t> index;  // [cells][offsets]
};
Neighbourhood neighbourhood(const NetworkInput& input, int side);
// InputError, beginning with `what`, unless a step along every axis of the lattice takes cells to cells.
void require_torus(const NetworkInput& input, const std::string& what);

// patch = cells per axis. Patches are numbered with the last axis fastest; inside a patch: spin (0 = down first), cell with the last axis fastest,
// site of the cell. InputError if the patch does not tile the lattice.
Patches make_patches(const NetworkInput& input, const std::vector<int>& patch);

}  // namespace qs

// Images of sites across the edges of a finite lattice. The only file of the terms that knows how a lattice closes: it asks for cells,
// sizes and boundaries, and is the one to change when the lattice learns other shapes.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "hamiltonians/lattice.h"

namespace qs {

// How often an image lies beyond each axis: it stands at position(site) + sum_a winding[a] * (period a). 0 on open axes.
using Winding = std::array<int, 3>;

struct Image {
  int site = 0;
  Winding winding = {};
};

// The basis site `basis` of the cell that lies `offset` cells from the cell of `from`; empty beyond an open end.
std::optional<Image> image(const Lattice& lattice, int from, const std::array<int, 3>& offset, int basis);

// The image of `to` that is nearest to `from`; among equally near ones the one with the fewest windings.
Image nearest_image(const Lattice& lattice, int from, int to);

// A bond of a shell with a direction: the image of `to` lies to the right of `from` (x greater; if equal, y greater).
struct DirectedBond {
  int from = 0;
  Image to;
  // Axes along which the two sites are joined more than once with different windings (periods of 2): the bond is counted once.
  std::array<bool, 3> merged = {};
};
// As Lattice::bonds, with the same errors. Where images are merged, the one with the fewest windings gives the direction.
std::vector<DirectedBond> directed_bonds(const Lattice& lattice, int shell);

}  // namespace qs

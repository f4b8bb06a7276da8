// Bonds with a direction, and the images of a site across the edges of a finite lattice.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "hamiltonians/lattice.h"

namespace qs {

// The image of `to` that is nearest to `from`; among equally near ones the one with the fewest windings. On a graph: `to` itself.
Image nearest_image(const Lattice& lattice, int from, int to);
// All images of `to` at the shortest distance from `from`.
std::vector<Image> nearest_images(const Lattice& lattice, int from, int to);
// Where an image lies, along the primitive vectors.
Vector3 image_fractional(const Lattice& lattice, const Image& image);

// A bond with a direction: the image of `to` lies to the right of `from` (x greater; if equal, y, then z). On a graph without positions: to > from.
struct DirectedBond {
  int from = 0;
  Image to;
  // Axes along which the two sites are joined more than once with different windings (periods of 2): the bond is counted once.
  std::array<bool, 3> merged = {};
};
std::vector<DirectedBond> directed(const Lattice& lattice, const std::vector<Bond>& bonds);

}  // namespace qs

// What two sites of a periodic lattice are to each other, in numbers that mean the same on every size: networks whose parameters multiply such
// functions serve lattices that they have never seen. Lengths are in distances of nearest neighbours.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/wavefunctions/blueprint.h"
#include "engine/wavefunctions/wavefunction.h"

namespace qs {

struct PairFeatures {
  // Pairs that agree in all functions below are of one class. Class 0: a site and itself.
  int classes = 0;
  std::vector<std::int32_t> index;  // [sites][sites]
  // For attention, none of them constant: the first shells; and q^r summed over all periodic images, q = 0.25, 0.5, 0.7, which has no cusp, tends to
  // q^r on large lattices and knows no distance that a small one has not shown; the same times the sublattice sign.
  Basis kernels;
  // For a sum over pairs i < j, counted here twice with half the weight: ln D, 1/D, 1/D^2 of the chord D = (L/pi) sin(pi r/L) per axis, 1/D and 1/D^2
  // times the sublattice sign, the first shells. 0 in class 0.
  Basis correlations;
  std::vector<int> sublattice;  // [sites] 0 or 1, neighbours differ; empty: there is no such colouring, and no function has its sign
};

// Features in units of the period, as cos(2 pi r/L), are left out on purpose: they transfer ten times worse. InputError, beginning with `what`, on a
// lattice with an end or without positions.
PairFeatures pair_features(const NetworkInput& input, const std::string& what);

}  // namespace qs

// A family small enough to know everything about: three fermions on a pinned ring of six sites, at several repulsions.
#pragma once

#include <vector>

#include "hamiltonians/registry.h"

namespace qs::test {

inline ProblemFamily tv_ring(const std::vector<double>& repulsions) {
  SystemOptions system;
  system.lattice = {"chain", {6}, {Boundary::periodic}};
  system.sector = {SectorKind::spinless_fermions, 6, 3, -1};
  system.model = "tv";
  system.couplings = {{"t", 1.0}, {"delta", 0.1}};
  system.varied = {"V"};
  for (const double v : repulsions) system.rows.push_back({v});
  return build_family(system);
}

}  // namespace qs::test

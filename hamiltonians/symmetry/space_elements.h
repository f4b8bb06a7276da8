// Inside hamiltonians/symmetry: the spatial part of a sector, translations times the little group of their wave vector.
#pragma once

#include <string>
#include <vector>

#include "hamiltonians/symmetry/little_group.h"
#include "hamiltonians/symmetry/symmetry_sector.h"

namespace qs {

struct SpaceSector {
  std::vector<SymmetrySector::Element> elements;
  int dimension = 1;
  std::string words;
};
// one: of an irrep of several dimensions only a row, by a subgroup that has an irrep of one dimension which occurs in it alone.
enum class Rows { all, one };
SpaceSector space_sector(const SiteContext& context, const TermInvariance& terms, const SymmetryOptions& options, Rows rows);

}  // namespace qs

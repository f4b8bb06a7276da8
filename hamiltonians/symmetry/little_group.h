// Inside hamiltonians/symmetry: the point operations that leave a wave vector as it is, and their irreps.
#pragma once

#include <string>
#include <vector>

#include "hamiltonians/symmetry/point_group.h"
#include "hamiltonians/symmetry/site_context.h"
#include "hamiltonians/symmetry/space_group.h"
#include "hamiltonians/symmetry/term_invariance.h"

namespace qs {

struct LittleGroup {
  std::string words;          // "C4v about site 0"
  std::vector<SiteMap> maps;  // one for each element of the irreps
  std::vector<Irrep> irreps;
  // point: chi(T_R p) = exp(-i k.R) chi(p). whole: maps and characters are those of translations and points together, for groups with glides at the
  // edge of the zone, where the former is wrong.
  enum class Of { point, whole } of = Of::point;
};
// `momentum` empty: of the points about one centre, without translations. Terms that break an element leave it out.
LittleGroup little_group(const SiteContext& context, const TermInvariance& terms, const std::vector<int>& momentum);

// product[a][b] of the point matrices of a little group.
GroupTable table_of_points(const std::vector<SiteMap>& maps);

// The translation by a step of cells, and exp(-i k.R).
SiteMap translation(const SpaceGroup& space, const CellVector& step);
std::complex<double> translation_character(const Vector3& reduced, const CellVector& step);

}  // namespace qs

// Pairs of sites that the translations of the lattice map to each other, and the signs of fermions beyond antiperiodic seams.
#pragma once

#include <string>
#include <vector>

#include "hamiltonians/lattice.h"

namespace qs {

// c of an image is this sign times c of its site.
double seam_sign(const Lattice& lattice, const CellVector& winding);

struct TranslatedPairs {
  std::string label;                           // "0-3": the pair that starts in the first cell
  std::vector<std::pair<Image, Image>> pairs;  // of it, one for each translation that keeps both sites inside open ends
};
// One entry for each site of the first cell and every site j; on a graph, which has no translations, for all pairs of sites.
std::vector<TranslatedPairs> translated_pairs(const Lattice& lattice);

}  // namespace qs

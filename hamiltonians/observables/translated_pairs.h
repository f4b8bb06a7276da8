// Pairs of sites that the translations of the lattice map to each other, and the phases of particles beyond seams.
#pragma once

#include <string>
#include <vector>

#include <complex>

#include "hamiltonians/observable.h"

namespace qs {

// c of an image is this phase times c of its site.
std::complex<double> seam_phase(const ObservableInput& input, const CellVector& winding);
// InputError if spins meet a twisted seam: S.S across it turns with the place of the seam, which is a choice.
void refuse_twisted_spins(const ObservableInput& input, const char* name);

struct TranslatedPairs {
  std::string label;                           // "0-3": the pair that starts in the first cell
  std::vector<std::pair<Image, Image>> pairs;  // of it, one for each translation that keeps both sites inside open ends
};
// One entry for each site of the first cell and every site j; on a graph, which has no translations, for all pairs of sites.
std::vector<TranslatedPairs> translated_pairs(const Lattice& lattice);

}  // namespace qs

#include "hamiltonians/observables/translated_pairs.h"

#include <fmt/format.h>

namespace qs {
namespace {

TranslatedPairs moved(const Lattice& lattice, int i, int j) {
  TranslatedPairs result{fmt::format("{}-{}", i, j), {}};
  for (int cell = 0; cell * lattice.basis() < lattice.sites(); ++cell) {
    const CellVector step = lattice.cell_vector(cell * lattice.basis());
    const auto first = lattice.image(i, step, lattice.basis_site(i)), second = lattice.image(j, step, lattice.basis_site(j));
    if (first && second) result.pairs.emplace_back(*first, *second);
  }
  return result;
}

}  // namespace

double seam_sign(const Lattice& lattice, const CellVector& winding) {
  int crossings = 0;
  for (int axis = 0; axis < lattice.axes(); ++axis) {
    if (lattice.options().boundary[axis] == Boundary::antiperiodic) crossings += winding[axis];
  }
  return crossings % 2 == 0 ? 1 : -1;
}

std::vector<TranslatedPairs> translated_pairs(const Lattice& lattice) {
  std::vector<TranslatedPairs> result;
  const int origins = lattice.has_cells() ? lattice.basis() : lattice.sites();
  for (int i = 0; i < origins; ++i) {
    for (int j = 0; j < lattice.sites(); ++j) {
      if (lattice.has_cells())
        result.push_back(moved(lattice, i, j));
      else
        result.push_back({fmt::format("{}-{}", i, j), {{Image{i, {}}, Image{j, {}}}}});
    }
  }
  return result;
}

}  // namespace qs

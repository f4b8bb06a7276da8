#include "hamiltonians/observables/translated_pairs.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "hamiltonians/term_coefficients.h"

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

std::complex<double> seam_phase(const ObservableInput& input, const CellVector& winding) {
  const std::array<double, 3> angles = seam_angles(input.lattice, input.sector.options().kind, input.twist);
  double angle = 0;
  for (int axis = 0; axis < input.lattice.axes(); ++axis) angle += angles[axis] * winding[axis];
  return phase_factor(angle);
}

void refuse_twisted_spins(const ObservableInput& input, const char* name) {
  if (input.sector.options().kind != SectorKind::spin_half || input.twist == std::array<double, 3>{}) return;
  throw InputError(
      fmt::format("observable {} depends on where the seam of a twisted boundary lies: remove it, or write its terms, which take the twist", name));
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

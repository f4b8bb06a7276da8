// J_a = i [H, X_a], X_a = sum_i x_a(i) n_i: the current along each axis, from the terms of the Hamiltonian, in cells per unit of time. A term
// that carries charge a distance d along the axis adds -i d times itself, and terms beyond a twisted seam go by their shorter way, so that
// <J_a> = L_a dE/dtheta_a for a twist theta_a, wherever its phases stand.
#include <fmt/format.h>

#include <cmath>

#include "engine/base/error.h"
#include "hamiltonians/normal_form.h"
#include "hamiltonians/observables/local_operators.h"
#include "hamiltonians/site_images.h"

namespace qs {

using enum SectorKind;

namespace {

enum class Carried { particles, spin };

// What a letter adds on its mode.
double charge(const ObservableInput& input, Carried carried, int mode, Letter letter) {
  if (letter == Letter::diagonal) return 0;
  const double sign = letter == Letter::raise ? 1 : -1;
  if (carried == Carried::particles || input.sector.options().kind == spin_half) return sign;
  return mode < input.sector.sites() ? -0.5 * sign : 0.5 * sign;
}

// Where a site lies, along the primitive vectors, by the shortest way from another.
Vector3 place(const Lattice& lattice, int from, int to) {
  const std::vector<Image> nearest = nearest_images(lattice, from, to);
  if (nearest.size() > 1) {
    throw InputError(fmt::format("the current from site {} to {} of {} has no direction (two ways are equally short): use a longer axis", from, to,
                                 lattice.describe()));
  }
  return image_fractional(lattice, nearest[0]);
}

// How far a product carries the charge along each primitive vector.
Vector3 distance(const ObservableInput& input, Carried carried, const Monomial& monomial) {
  Vector3 result{};
  double total = 0;
  int origin = -1;
  for (const auto& [mode, letter] : monomial) {
    const double moved = charge(input, carried, mode, letter);
    if (moved == 0) continue;
    const int site = mode % input.sector.sites();
    if (origin < 0) origin = site;
    const Vector3 at = site == origin ? input.lattice.fractional(site) : place(input.lattice, origin, site);
    for (int axis = 0; axis < 3; ++axis) result[axis] += moved * at[axis];
    total += moved;
  }
  if (total != 0) throw InputError("the current of a number that the Hamiltonian does not conserve is not defined: remove the observable");
  return result;
}

std::vector<NamedOperator> build(const ObservableInput& input, const char* name, Carried carried) {
  QS_ASSERT(input.hamiltonian != nullptr);
  const Operator& hamiltonian = *input.hamiltonian;
  std::vector<NamedOperator> result;
  const Operator empty = empty_observable(name, hamiltonian.convention.c_str(), input.sector);
  if (!input.lattice.has_cells()) throw InputError(fmt::format("observable {} needs a lattice of cells, and a graph has none: remove it", name));
  for (int axis = 0; axis < input.lattice.axes(); ++axis) result.push_back({std::to_string(axis), empty});
  std::vector<NormalForm> forms(hamiltonian.couplings.size());
  for (const SymbolicTerm& term : hamiltonian.terms) forms[term.coupling].add(term.coefficient, term.factors);
  for (std::size_t c = 0; c < forms.size(); ++c) {
    for (const auto& [monomial, value] : forms[c].collected()) {
      const Vector3 moved = distance(input, carried, monomial);
      for (int axis = 0; axis < input.lattice.axes(); ++axis) {
        if (std::abs(moved[axis]) < 1e-12) continue;
        const std::complex<double> velocity = std::complex<double>(0, -moved[axis]) * value;
        result[axis].op.add(velocity, hamiltonian.couplings[c], factors_of(monomial, input.sector.options().kind));
      }
    }
  }
  return result;
}

std::vector<NamedOperator> build_current(const ObservableInput& input) { return build(input, "current", Carried::particles); }
std::vector<NamedOperator> build_spin_current(const ObservableInput& input) { return build(input, "spin_current", Carried::spin); }

}  // namespace

ObservableEntry current_entry() {
  return {.name = "current",
          .doc = "particle current along each axis, <i [H, sum_i x_i n_i]>, x in cells; on a ring of L cells L times dE/dtheta for a twist theta",
          .sectors = {spinless_fermions, spinful_fermions},
          .build = build_current,
          .unit = ObservableUnit::energy};
}

ObservableEntry spin_current_entry() {
  return {.name = "spin_current",
          .doc = "current of Sz along each axis, <i [H, sum_i x_i Sz_i]>, x in cells",
          .sectors = {spin_half, spinful_fermions},
          .build = build_spin_current,
          .unit = ObservableUnit::energy};
}

}  // namespace qs

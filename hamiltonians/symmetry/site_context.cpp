#include "hamiltonians/symmetry/site_context.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "hamiltonians/symmetry/symmetry_sector.h"

namespace qs {
namespace {

int parity_of(const ProblemFamily& family) {
  int parity = -1;
  for (const Problem& problem : family.problems) {
    const SectorOptions& sector = problem.sector.options();
    if (sector.up < 0) return -1;
    const int here = (sector.up + std::max(0, sector.down)) % 2;
    if (parity >= 0 && parity != here) return -1;
    parity = here;
  }
  return parity;
}

Vector3 untilted_momentum(const SiteContext& context, const std::vector<int>& momentum) {
  Vector3 reduced{};
  for (int axis = 0; axis < context.lattice.axes(); ++axis) {
    if (context.lattice.options().boundary[axis] == Boundary::open) {
      if (momentum[axis] != 0)
        throw SymmetryError(
            "momentum", fmt::format("is {} along axis {}, which is open ({}); write 0 there", momentum[axis], axis + 1, context.lattice.describe()));
      continue;
    }
    const double half = context.antiperiodic(axis) && context.parity == 1 ? 0.5 : 0;
    reduced[axis] = (momentum[axis] + half) / context.lattice.options().size[axis];
  }
  return reduced;
}

Vector3 tilted_momentum(const SiteContext& context, const std::vector<int>& momentum) {
  std::vector<std::string> known;
  for (const Momentum& q : context.lattice.momenta()) {
    Vector3 reduced{};
    bool same = true;
    for (int axis = 0; axis < context.lattice.axes(); ++axis) {
      same = same && ((momentum[axis] - q.k[axis]) % q.of[axis] == 0);
      reduced[axis] = double(q.k[axis]) / q.of[axis];
    }
    if (same) return reduced;
    known.push_back(fmt::format("[{}]", fmt::join(q.k.begin(), q.k.begin() + context.lattice.axes(), ", ")));
  }
  throw SymmetryError("momentum", fmt::format("[{}] is no wave vector of {}; it has {}", fmt::join(momentum, ", "), context.lattice.describe(),
                                              fmt::join(known, ", ")));
}

}  // namespace

std::complex<double> phase_of(double turns) {
  const double quarters = 4 * (turns - std::floor(turns));
  if (std::abs(quarters - std::round(quarters)) < 1e-12) {
    static constexpr std::complex<double> exact[] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};
    return exact[std::lround(quarters) % 4];
  }
  return std::polar(1.0, std::numbers::pi / 2 * quarters);
}

SiteContext::SiteContext(const ProblemFamily& family, SignRule sign_rule)
    : lattice(family.lattice), kind(family.problems[0].sector.options().kind), parity(parity_of(family)) {
  if (sign_rule == SignRule::marshall) rotated = Lattice::two_colouring(lattice.sites(), lattice.bonds(1));
}

StateMap SiteContext::on_states(const std::vector<int>& sites, const std::vector<CellVector>& winding) const {
  const int count = lattice.sites(), spins = kind == SectorKind::spinful_fermions ? 2 : 1;
  StateMap map = identity_map(spins * count, kind == SectorKind::spin_half ? Statistics::bosons : Statistics::fermions);
  for (int i = 0; i < count; ++i) {
    int crossings = 0;
    for (int axis = 0; axis < lattice.axes() && !winding.empty(); ++axis) crossings += antiperiodic(axis) ? winding[i][axis] : 0;
    const bool other_sublattice = !rotated.empty() && rotated[i] != rotated[sites[i]];
    for (int spin = 0; spin < spins; ++spin) {
      map.image[spin * count + i] = spin * count + sites[i];
      if ((crossings % 2 != 0) != other_sublattice) flip_bit(map.sign_modes.data(), spin * count + i);
    }
  }
  return map;
}

Vector3 reduced_momentum(const SiteContext& context, const std::vector<int>& momentum) {
  const Lattice& lattice = context.lattice;
  if (static_cast<int>(momentum.size()) != lattice.axes())
    throw SymmetryError("momentum", fmt::format("has {} entries, but {} has {} axes; write one integer for each, in units of 2 pi / L",
                                                momentum.size(), lattice.describe(), lattice.axes()));
  for (int axis = 0; axis < lattice.axes(); ++axis) {
    if (!context.antiperiodic(axis)) continue;
    if (context.parity < 0)
      throw SymmetryError("momentum", "needs particle numbers that are all even or all odd, since an axis is antiperiodic; make two runs");
    if (lattice.is_tilted() && context.parity == 1)
      throw SymmetryError("momentum", fmt::format("is not known for an odd number of fermions on {}; use periodic boundaries", lattice.describe()));
  }
  return lattice.is_tilted() ? tilted_momentum(context, momentum) : untilted_momentum(context, momentum);
}

void require_cells(const SiteContext& context, const char* key) {
  if (context.lattice.has_cells()) return;
  throw SymmetryError(key, fmt::format("needs a lattice of cells, and {} has none; write permutations of its sites", context.lattice.describe()));
}

}  // namespace qs

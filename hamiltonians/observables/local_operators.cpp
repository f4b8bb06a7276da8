#include "hamiltonians/observables/local_operators.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "hamiltonians/observable.h"

namespace qs {

namespace {

using Factors = std::vector<std::pair<Factor, int>>;

Factors joined(Factors left, const Factors& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Factors raise(const Sector& sector, int site) {
  if (sector.options().kind == SectorKind::spin_half) return {{Factor::s_plus, site}};
  return {{Factor::create, sector.sites() + site}, {Factor::annihilate, site}};
}

Factors lower(const Sector& sector, int site) {
  if (sector.options().kind == SectorKind::spin_half) return {{Factor::s_minus, site}};
  return {{Factor::create, site}, {Factor::annihilate, sector.sites() + site}};
}

}  // namespace

Operator empty_observable(const char* name, const char* convention, const Sector& sector) {
  const std::vector<SectorKind>& accepted = find_observable(name).sectors;
  if (std::find(accepted.begin(), accepted.end(), sector.options().kind) == accepted.end()) {
    throw InputError(fmt::format("observable {} is not defined for {} (wrong degrees of freedom): remove it", name, sector.describe()));
  }
  return {name, convention, sector.modes(), {}, {}};
}

std::vector<int> modes_of(const Sector& sector, int site) {
  if (sector.options().kind == SectorKind::spinful_fermions) return {site, sector.sites() + site};
  return {site};
}

void add_density_density(Operator& op, double coefficient, const Sector& sector, int i, int j) {
  for (const int a : modes_of(sector, i)) {
    for (const int b : modes_of(sector, j)) op.add(coefficient, "1", {{Factor::number, a}, {Factor::number, b}});
  }
}

void add_sz_sz(Operator& op, double coefficient, const Sector& sector, int i, int j) {
  if (sector.options().kind == SectorKind::spin_half) {
    op.add(coefficient, "1", {{Factor::sz, i}, {Factor::sz, j}});
    return;
  }
  const int n = sector.sites();
  for (const int spin_i : {0, 1}) {
    for (const int spin_j : {0, 1}) {
      const double sign = spin_i == spin_j ? 0.25 : -0.25;
      op.add(sign * coefficient, "1", {{Factor::number, spin_i * n + i}, {Factor::number, spin_j * n + j}});
    }
  }
}

void add_spin_spin(Operator& op, double coefficient, const Sector& sector, int i, int j, const SublatticeRotation& rotation) {
  QS_ASSERT(sector.options().kind != SectorKind::spinless_fermions);
  const double half = 0.5 * coefficient * rotation.exchange_sign(i, j);
  op.add(half, "1", joined(raise(sector, i), lower(sector, j)));
  op.add(half, "1", joined(lower(sector, i), raise(sector, j)));
  add_sz_sz(op, coefficient, sector, i, j);
}

}  // namespace qs

// Two-point functions of site 0 with every site j: <n_0 n_j>, <Sz_0 Sz_j>, <S_0.S_j>. j = 0 is included: n_0^2, 1/4, 3/4.
#include <fmt/format.h>

#include "hamiltonians/observables/local_operators.h"
#include "hamiltonians/observables/observables.h"

namespace qs {

namespace {

template <class AddPair>
std::vector<NamedOperator> pairs_with_origin(const Lattice& lattice, const Sector& sector, const char* name, const char* convention,
                                             AddPair add_pair) {
  std::vector<NamedOperator> result;
  for (int site = 0; site < lattice.sites(); ++site) {
    Operator op = empty_observable(name, convention, sector);
    add_pair(op, site);
    result.push_back({fmt::format("0-{}", site), std::move(op)});
  }
  return result;
}

}  // namespace

std::vector<NamedOperator> build_density_density(const Lattice& lattice, const Sector& sector, SignRule) {
  return pairs_with_origin(lattice, sector, "density_density", "-", [&](Operator& op, int site) { add_density_density(op, 1, sector, 0, site); });
}

std::vector<NamedOperator> build_sz_sz(const Lattice& lattice, const Sector& sector, SignRule) {
  return pairs_with_origin(lattice, sector, "sz_sz", "S.S", [&](Operator& op, int site) { add_sz_sz(op, 1, sector, 0, site); });
}

std::vector<NamedOperator> build_spin_spin(const Lattice& lattice, const Sector& sector, SignRule rule) {
  const SublatticeRotation rotation(lattice, rule);
  return pairs_with_origin(lattice, sector, "spin_spin", "S.S", [&](Operator& op, int site) { add_spin_spin(op, 1, sector, 0, site, rotation); });
}

}  // namespace qs

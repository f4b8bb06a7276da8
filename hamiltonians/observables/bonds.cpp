// What happens on bonds: the energy of each, hopping and S.S on nearest neighbours, and correlations of dimers.
#include <fmt/format.h>

#include <map>
#include <set>

#include "engine/base/error.h"
#include "hamiltonians/observables/local_operators.h"
#include "hamiltonians/observables/operator_algebra.h"
#include "hamiltonians/observables/translated_pairs.h"

namespace qs {

using enum SectorKind;

namespace {

std::string label_of(int i, int j) { return fmt::format("{}-{}", i, j); }

// The terms of the Hamiltonian by the two sites on which they act; those on one site, or on more than two, belong to no bond.
std::vector<NamedOperator> build_bond_energy(const ObservableInput& input) {
  QS_ASSERT(input.hamiltonian != nullptr);
  const Operator& hamiltonian = *input.hamiltonian;
  std::map<std::pair<int, int>, Operator> bonds;
  for (const SymbolicTerm& term : hamiltonian.terms) {
    std::set<int> touched;
    for (const auto& [factor, mode] : term.factors) touched.insert(mode % input.sector.sites());
    if (touched.size() != 2) continue;
    const std::pair<int, int> sites(*touched.begin(), *touched.rbegin());
    auto [bond, is_new] = bonds.try_emplace(sites, empty_observable("bond_energy", hamiltonian.convention.c_str(), input.sector));
    bond->second.add(term.coefficient, hamiltonian.couplings[term.coupling], term.factors);
  }
  std::vector<NamedOperator> result;
  for (auto& [sites, op] : bonds) result.push_back({label_of(sites.first, sites.second), std::move(op)});
  if (result.empty()) throw InputError("observable bond_energy: no term of the Hamiltonian acts on two sites: remove it");
  return result;
}

// Of c+_i c_j, j as far as the bond goes.
std::complex<double> hopping_phase(const ObservableInput& input, const Bond& bond) {
  for (int axis = 0; axis < input.lattice.axes(); ++axis) {
    if (bond.merged[axis] && input.twist[axis] != 0)
      throw InputError(fmt::format("observable bond_hopping: sites {} and {} are joined both inside and across the twisted seam: use a longer axis",
                                   bond.i, bond.j));
  }
  return seam_phase(input, bond.winding);
}

std::vector<NamedOperator> build_bond_hopping(const ObservableInput& input) {
  std::vector<NamedOperator> result;
  for (const Bond& bond : input.lattice.bonds(1)) {
    Operator op = empty_observable("bond_hopping", "-", input.sector);
    const std::complex<double> phase = hopping_phase(input, bond);
    const std::vector<int> from = modes_of(input.sector, bond.i), to = modes_of(input.sector, bond.j);
    for (std::size_t spin = 0; spin < from.size(); ++spin) {
      op.add(phase, "1", {{Factor::create, from[spin]}, {Factor::annihilate, to[spin]}});
      op.add(std::conj(phase), "1", {{Factor::create, to[spin]}, {Factor::annihilate, from[spin]}});
    }
    result.push_back({label_of(bond.i, bond.j), std::move(op)});
  }
  return result;
}

std::vector<NamedOperator> dimers(const ObservableInput& input, const char* name) {
  refuse_twisted_spins(input, name);
  const SublatticeRotation rotation(input.lattice, input.sign_rule);
  std::vector<NamedOperator> result;
  for (const Bond& bond : input.lattice.bonds(1)) {
    Operator op = empty_observable(name, "S.S", input.sector);
    add_spin_spin(op, 1, input.sector, bond.i, bond.j, rotation);
    result.push_back({label_of(bond.i, bond.j), std::move(op)});
  }
  return result;
}

std::vector<NamedOperator> build_bond_spin(const ObservableInput& input) { return dimers(input, "bond_spin"); }

std::string mean_name(const std::string& bond) { return "<D_" + bond + ">"; }

// (D_0 - <D_0>)(D_b - <D_b>), its Hermitian part: dimers that share a site do not commute.
std::vector<NamedOperator> build_dimer_dimer(const ObservableInput& input) {
  const std::vector<NamedOperator> all = dimers(input, "dimer_dimer");
  std::vector<NamedOperator> result;
  if (all.empty()) return result;
  const NamedOperator& first = all[0];
  for (const NamedOperator& other : all) {
    Operator op = empty_observable("dimer_dimer", "-", input.sector);
    add_symmetrised(op, 1, first.op, other.op);
    for (const SymbolicTerm& term : other.op.terms) op.add(-term.coefficient, mean_name(first.label), term.factors);
    for (const SymbolicTerm& term : first.op.terms) op.add(-term.coefficient, mean_name(other.label), term.factors);
    op.add(1, mean_name(first.label) + "*" + mean_name(other.label), {});
    result.push_back({first.label + " " + other.label, std::move(op)});
  }
  return result;
}

std::vector<NamedOperator> dimer_means(const ObservableInput& input) {
  std::vector<NamedOperator> result = dimers(input, "dimer_dimer");
  for (NamedOperator& each : result) each.label = mean_name(each.label);
  return result;
}

}  // namespace

ObservableEntry bond_energy_entry() {
  return {.name = "bond_energy",
          .doc = "energy of every pair of sites that the Hamiltonian joins: the mean of its terms on just these two sites",
          .sectors = {spin_half, spinless_fermions, spinful_fermions},
          .build = build_bond_energy,
          .unit = ObservableUnit::energy};
}

ObservableEntry bond_hopping_entry() {
  return {.name = "bond_hopping",
          .doc = "<c+_i c_j + h.c.> of every bond of nearest neighbours, summed over spins",
          .sectors = {spinless_fermions, spinful_fermions},
          .build = build_bond_hopping};
}

ObservableEntry bond_spin_entry() {
  return {.name = "bond_spin",
          .doc = "<S_i.S_j> of every bond of nearest neighbours",
          .sectors = {spin_half, spinful_fermions},
          .build = build_bond_spin};
}

ObservableEntry dimer_dimer_entry() {
  return {.name = "dimer_dimer",
          .doc = "<D_0 D_b> - <D_0><D_b> of the first bond of nearest neighbours with each, D = S_i.S_j (of D_0 D_b the Hermitian part)",
          .sectors = {spin_half, spinful_fermions},
          .build = build_dimer_dimer,
          .means = dimer_means};
}

}  // namespace qs

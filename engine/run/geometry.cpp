#include "engine/run/geometry.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "hamiltonians/registry.h"

namespace qs {
namespace {

Dataset vectors(const std::vector<std::array<double, 2>>& rows, const char* units, const char* meaning) {
  std::vector<double> flat;
  for (const auto& row : rows) flat.insert(flat.end(), row.begin(), row.end());
  return with(array(std::move(flat), {static_cast<std::int64_t>(rows.size()), 2}),
              {{"units", units}, {"long_name", meaning}, {"columns", std::vector<std::string>{"x", "y"}}});
}

Dataset positions(const Lattice& lattice) {
  std::vector<std::array<double, 2>> rows;
  for (int site = 0; site < lattice.sites(); ++site) rows.push_back(lattice.position(site));
  return vectors(rows, "length of a primitive vector", "position of every site");
}

Dataset wave_vectors(const Lattice& lattice) {
  std::vector<std::array<double, 2>> rows;
  for (const Momentum& momentum : lattice.momenta()) rows.push_back(momentum.q);
  return vectors(rows, "1 / length of a primitive vector", "q = kx b_1 / Lx + ky b_2 / Ly");
}

// The pairs of sites that the terms of each coupling join, whatever the operators there.
std::map<std::string, std::set<std::pair<int, int>>> joined_sites(const Operator& hamiltonian, int sites) {
  std::map<std::string, std::set<std::pair<int, int>>> pairs;
  for (const SymbolicTerm& term : hamiltonian.terms) {
    std::set<int> touched;
    for (const auto& [factor, mode] : term.factors) touched.insert(mode % sites);
    if (touched.size() == 2) pairs[hamiltonian.couplings.at(term.coupling)].emplace(*touched.begin(), *touched.rbegin());
  }
  return pairs;
}

void store_bonds(const ProblemFamily& family, DataTree& tree) {
  for (const auto& [coupling, pairs] : joined_sites(family.hamiltonian, family.lattice.sites())) {
    std::vector<std::int64_t> flat;
    for (const auto& [i, j] : pairs) flat.insert(flat.end(), {i, j});
    tree.set("system/bonds/" + coupling,
             with(array(std::move(flat), {static_cast<std::int64_t>(pairs.size()), 2}),
                  {{"units", "site number"}, {"long_name", "pairs of sites that the terms of this coupling join, i < j"}}));
  }
}

}  // namespace

void store_geometry(const ProblemFamily& family, DataTree& tree) {
  const Lattice& lattice = family.lattice;
  std::vector<std::array<double, 2>> primitive, reciprocal;
  for (int axis = 0; axis < lattice.axes(); ++axis) {
    primitive.push_back(lattice.primitive(axis));
    reciprocal.push_back(lattice.reciprocal(axis));
  }
  tree.set("system/positions", positions(lattice));
  tree.set("system/primitive_vectors", vectors(primitive, "length of a primitive vector", "one cell along each axis"));
  tree.set("system/reciprocal_vectors", vectors(reciprocal, "1 / length of a primitive vector", "a_i . b_j = 2 pi delta_ij"));
  std::vector<std::int64_t> numbers;
  for (const Momentum& momentum : lattice.momenta()) numbers.insert(numbers.end(), momentum.k.begin(), momentum.k.begin() + lattice.axes());
  const auto count = static_cast<std::int64_t>(lattice.momenta().size());
  tree.set("system/momenta/k",
           with(array(std::move(numbers), {count, lattice.axes()}), {{"units", "1"}, {"long_name", "integers k of the wave vector"}}));
  tree.set("system/momenta/q", wave_vectors(lattice));
  store_bonds(family, tree);
}

void store_observable_axes(const StagePlan& stage, DataTree& tree) {
  for (const ObservableEntry& entry : observables()) {
    const std::string group = "stages/" + stage.group + "/observables/" + entry.name + "/";
    if (!tree.has(group + "mean")) continue;
    if (entry.axis == ObservableAxis::site) tree.set(group + "position", positions(stage.family.lattice));
    if (entry.axis == ObservableAxis::momentum) tree.set(group + "q", wave_vectors(stage.family.lattice));
  }
}

}  // namespace qs

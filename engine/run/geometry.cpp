#include "engine/run/geometry.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "hamiltonians/registry.h"

namespace qs {
namespace {

constexpr const char* kLength = "length of a primitive vector";
constexpr const char* kInverse = "1 / length of a primitive vector";

std::vector<Vector3> site_positions(const Lattice& lattice) {
  std::vector<Vector3> rows;
  for (int site = 0; site < lattice.sites(); ++site) rows.push_back(lattice.position(site));
  return rows;
}

// A lattice that lies in the plane z = 0 has two columns everywhere.
std::int64_t columns(const Lattice& lattice) {
  std::vector<Vector3> places = lattice.cell().primitive;
  const std::vector<Vector3>& sites = lattice.has_cells() ? lattice.cell().basis : lattice.options().graph.positions;
  places.insert(places.end(), sites.begin(), sites.end());
  return std::all_of(places.begin(), places.end(), [](const Vector3& r) { return r[2] == 0; }) ? 2 : 3;
}

Dataset vectors(const Lattice& lattice, const std::vector<Vector3>& rows, const char* units, const std::string& meaning) {
  const std::int64_t width = columns(lattice);
  std::vector<double> flat;
  for (const Vector3& row : rows) flat.insert(flat.end(), row.begin(), row.begin() + width);
  std::vector<std::string> names{"x", "y", "z"};
  names.resize(width);
  return with(array(std::move(flat), {static_cast<std::int64_t>(rows.size()), width}),
              {{"units", std::string(units)}, {"long_name", meaning}, {"columns", names}});
}

Dataset positions(const Lattice& lattice) { return vectors(lattice, site_positions(lattice), kLength, "position of every site"); }

Dataset wave_vectors(const Lattice& lattice, const std::vector<Momentum>& momenta) {
  std::vector<Vector3> rows;
  for (const Momentum& momentum : momenta) rows.push_back(momentum.q);
  const std::string planar = "q = kx b_1 / Lx + ky b_2 / Ly", spatial = planar + " + kz b_3 / Lz";
  const std::string tilted = "q = sum_a k_a b_a / denominators_a";
  return vectors(lattice, rows, kInverse, lattice.is_tilted() ? tilted : lattice.axes() == 3 ? spatial : planar);
}

// Those of the labels: all wave vectors, once for each spin.
std::vector<Momentum> momenta_of(const std::vector<Momentum>& once, const Dataset& labels) {
  const std::size_t count = std::get<std::vector<std::string>>(labels.values).size();
  std::vector<Momentum> momenta;
  while (momenta.size() < count) momenta.insert(momenta.end(), once.begin(), once.end());
  return momenta;
}

void store_momenta(const Lattice& lattice, const std::string& group, DataTree& tree) {
  const std::vector<Momentum> momenta = lattice.momenta();
  std::vector<std::int64_t> numbers;
  for (const Momentum& momentum : momenta) numbers.insert(numbers.end(), momentum.k.begin(), momentum.k.begin() + lattice.axes());
  tree.set(group + "/momenta/k", with(array(std::move(numbers), {static_cast<std::int64_t>(momenta.size()), lattice.axes()}),
                                      {{"units", "1"}, {"long_name", "integers k of the wave vector"}}));
  if (lattice.is_tilted()) {
    const CellVector& of = momenta.front().of;
    tree.set(group + "/momenta/denominators", with(array(std::vector<std::int64_t>(of.begin(), of.begin() + lattice.axes()), {lattice.axes()}),
                                                   {{"units", "1"}, {"long_name", "denominators of k along each reciprocal vector"}}));
  }
  tree.set(group + "/momenta/q", wave_vectors(lattice, momenta));
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

void store_bonds(const ProblemFamily& family, const std::string& group, DataTree& tree) {
  for (const auto& [coupling, pairs] : joined_sites(family.hamiltonian, family.lattice.sites())) {
    std::vector<std::int64_t> flat;
    for (const auto& [i, j] : pairs) flat.insert(flat.end(), {i, j});
    tree.set(group + "/bonds/" + coupling,
             with(array(std::move(flat), {static_cast<std::int64_t>(pairs.size()), 2}),
                  {{"units", "site number"}, {"long_name", "pairs of sites that the terms of this coupling join, i < j"}}));
  }
}

}  // namespace

void store_geometry(const ProblemFamily& family, const std::string& group, DataTree& tree) {
  const Lattice& lattice = family.lattice;
  tree.groups[group]["sites"] = std::int64_t{lattice.sites()};
  if (lattice.has_positions()) tree.set(group + "/positions", positions(lattice));
  if (lattice.has_cells()) {
    std::vector<Vector3> reciprocal;
    for (int axis = 0; axis < lattice.axes(); ++axis) reciprocal.push_back(lattice.reciprocal(axis));
    tree.set(group + "/primitive_vectors", vectors(lattice, lattice.cell().primitive, kLength, "one cell along each axis"));
    tree.set(group + "/reciprocal_vectors", vectors(lattice, reciprocal, kInverse, "a_i . b_j = 2 pi delta_ij"));
    store_momenta(lattice, group, tree);
  }
  store_bonds(family, group, tree);
}

void store_random_numbers(const StagePlan& stage, DataTree& tree) {
  for (const RandomNumbers& random : stage.family.random) {
    const auto places = static_cast<std::int64_t>(random.sites.size());
    if (places == 0) continue;  // a shell that an open lattice does not have
    std::vector<double> values;
    std::vector<std::int64_t> sites;
    for (const std::vector<double>& of_problem : random.values) values.insert(values.end(), of_problem.begin(), of_problem.end());
    for (const std::vector<int>& place : random.sites) sites.insert(sites.end(), place.begin(), place.end());
    const std::string group = fmt::format("stages/{}/random/{}/", stage.group, random.term);
    tree.set(group + "values", with(array(std::move(values), {stage.family.size(), places}),
                                    {{"units", "1"},
                                     {"long_name", "number in front of the term, for every problem and place; times the coupling, if there is one"},
                                     {"name", random.name},
                                     {"coupling", random.coupling}}));
    const auto width = static_cast<std::int64_t>(sites.size()) / places;
    tree.set(group + "sites", with(array(std::move(sites), {places, width}), {{"units", "site number"}, {"long_name", "sites of every place"}}));
  }
}

void store_observable_axes(const StagePlan& stage, DataTree& tree) {
  const Lattice& lattice = stage.family.lattice;
  for (const ObservableEntry& entry : observables()) {
    const std::string group = "stages/" + stage.group + "/observables/" + entry.name + "/";
    if (!tree.has(group + "mean")) continue;
    if (entry.axis == ObservableAxis::site && lattice.has_positions()) tree.set(group + "position", positions(lattice));
    const bool of_particles = entry.axis == ObservableAxis::particle_momentum;
    if (entry.axis != ObservableAxis::momentum && !of_particles) continue;
    const std::array<double, 3> angles = seam_angles(lattice, stage.family.problems[0].sector.options().kind, stage.family.twist);
    tree.set(group + "q", wave_vectors(lattice, momenta_of(lattice.momenta(of_particles ? angles : decltype(angles){}), tree.at(group + "labels"))));
  }
}

}  // namespace qs

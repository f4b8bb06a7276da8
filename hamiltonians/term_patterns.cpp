#include "hamiltonians/term_patterns.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"

namespace qs {

namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

// A set of bonds that the lattice names.
std::vector<Bond> named_bonds(const Lattice& lattice, const std::string& name, const BondSets& sets) {
  std::vector<std::string> known = lattice.bond_names();
  if (std::find(known.begin(), known.end(), name) != known.end()) return lattice.bonds(name);
  for (const auto& [set, tuples] : sets) known.push_back(set);
  throw InputError(fmt::format("bonds '{}' are not known ({}): write a shell, or name them in system.hamiltonian.bonds", name,
                               known.empty() ? "none have a name" : fmt::format("known: {}", fmt::join(known, ", "))));
}

int common_length(const SiteTuples& tuples) {
  if (tuples.empty() || tuples[0].empty()) throw InputError("there are no sites to act on: give at least one tuple of sites");
  for (const auto& tuple : tuples) {
    if (tuple.size() == tuples[0].size()) continue;
    throw InputError(fmt::format("tuples of {} and of {} sites stand in one term: use one term for each length", tuples[0].size(), tuple.size()));
  }
  return static_cast<int>(tuples[0].size());
}

void check_different(const std::vector<int>& sites, const char* what) {
  std::vector<int> sorted = sites;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) throw InputError(fmt::format("{} [{}] holds site {} twice", what, fmt::join(sites, ", "), *twice));
}

std::vector<Placement> of_tuples(const Lattice& lattice, const SiteTuples& tuples) {
  common_length(tuples);
  std::vector<Placement> result;
  for (const auto& tuple : tuples) {
    for (const int site : tuple) {
      if (site < 0 || site >= lattice.sites()) throw InputError(fmt::format("site {} does not exist (sites are 0 to {})", site, lattice.sites() - 1));
    }
    check_different(tuple, "tuple");
    Placement placement{tuple, {}, {}};
    for (const int site : tuple) placement.windings.push_back(site == tuple[0] ? CellVector{} : nearest_image(lattice, tuple[0], site).winding);
    result.push_back(std::move(placement));
  }
  return result;
}

SiteTuples singles(const std::vector<int>& sites) {
  SiteTuples tuples;
  for (const int site : sites) tuples.push_back({site});
  return tuples;
}

std::vector<Placement> of_bonds(const Lattice& lattice, const std::vector<Bond>& bonds) {
  std::vector<Placement> result;
  for (const DirectedBond& bond : directed(lattice, bonds)) {
    result.push_back({{bond.from, bond.to.site}, {CellVector{}, bond.to.winding}, bond.merged});
  }
  return result;
}

std::vector<Placement> of_shell(const Lattice& lattice, int shell) {
  if (shell < 1) throw InputError(fmt::format("shell {} does not exist (shell 1 are the nearest neighbours)", shell));
  return of_bonds(lattice, lattice.bonds(shell));
}

std::vector<Placement> of_pattern(const Lattice& lattice, const CellPattern& pattern) {
  for (const PatternSite& site : pattern.sites) {
    if (site.axes != 0 && site.axes != lattice.axes()) {
      throw InputError(fmt::format("a site of the pattern has {} numbers; on {} write {} step{} of cells and the site of the cell (0 to {})",
                                   site.axes + 1, lattice.describe(), lattice.axes(), lattice.axes() == 1 ? "" : "s", lattice.basis() - 1));
    }
    if (site.basis < 0 || site.basis >= lattice.basis()) {
      throw InputError(
          fmt::format("basis site {} does not exist ({} has {} per cell, counted from 0)", site.basis, lattice.describe(), lattice.basis()));
    }
    for (int axis = lattice.axes(); axis < 3; ++axis) {
      if (site.offset[axis] != 0) throw InputError(fmt::format("an offset along axis {} ({} has {})", axis + 1, lattice.describe(), lattice.axes()));
    }
  }
  std::vector<Placement> result;
  for (int first = 0; first < lattice.sites(); first += lattice.basis()) {
    Placement placement;
    for (const PatternSite& site : pattern.sites) {
      const std::optional<Image> found = lattice.image(first, site.offset, site.basis);
      if (!found) break;
      placement.sites.push_back(found->site);
      placement.windings.push_back(found->winding);
    }
    if (placement.sites.size() < pattern.sites.size()) continue;
    check_different(placement.sites, "the lattice is too small: the pattern");
    const CellVector reference = placement.windings[0];
    for (CellVector& winding : placement.windings) {
      for (int axis = 0; axis < 3; ++axis) winding[axis] -= reference[axis];
    }
    result.push_back(std::move(placement));
  }
  return result;
}

}  // namespace

int sites_per_placement(const Where& where, const BondSets& sets) {
  return std::visit(Overloaded{[](const AllSites&) { return 1; }, [](const SiteList&) { return 1; }, [](const ShellBonds&) { return 2; },
                               [](const ExplicitTuples& w) { return common_length(w.tuples); },
                               [&](const NamedTuples& w) { return sets.contains(w.name) ? common_length(sets.at(w.name)) : 2; },
                               [](const CellPattern& w) {
                                 if (w.sites.empty()) throw InputError("the pattern of the unit cell is empty: give at least one site");
                                 return static_cast<int>(w.sites.size());
                               }},
                    where);
}

std::vector<Placement> placements(const Lattice& lattice, const Where& where, const BondSets& sets) {
  return std::visit(Overloaded{[&](const AllSites&) {
                                 std::vector<int> all(lattice.sites());
                                 for (int site = 0; site < lattice.sites(); ++site) all[site] = site;
                                 return of_tuples(lattice, singles(all));
                               },
                               [&](const SiteList& w) { return of_tuples(lattice, singles(w.sites)); },
                               [&](const ShellBonds& w) { return of_shell(lattice, w.shell); },
                               [&](const ExplicitTuples& w) { return of_tuples(lattice, w.tuples); },
                               [&](const NamedTuples& w) {
                                 return sets.contains(w.name) ? of_tuples(lattice, sets.at(w.name))
                                                              : of_bonds(lattice, named_bonds(lattice, w.name, sets));
                               },
                               [&](const CellPattern& w) { return of_pattern(lattice, w); }},
                    where);
}

}  // namespace qs

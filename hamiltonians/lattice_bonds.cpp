// The bonds of a Lattice, and what follows from them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "engine/base/error.h"
#include "hamiltonians/lattice.h"
#include "hamiltonians/shells.h"

namespace qs {

namespace {

using Pair = std::pair<int, int>;
// Pairs (i, j), i < j, each with the windings of its images: of j, seen from i.
using PairImages = std::map<Pair, std::set<CellVector>>;

CellVector opposite(const CellVector& winding) { return {-winding[0], -winding[1], -winding[2]}; }

int crossings(const CellVector& winding) { return std::abs(winding[0]) + std::abs(winding[1]) + std::abs(winding[2]); }

// `called`: "neighbour shell 2", "bonds 'rung'".
PairImages wrapped_pairs(const Lattice& lattice, const std::vector<CellStep>& steps, const std::string& called) {
  PairImages pairs;
  for (int site = 0; site < lattice.sites(); ++site) {
    for (const CellStep& step : steps) {
      if (step.from != lattice.basis_site(site)) continue;
      const std::optional<Image> other = lattice.image(site, step.step, step.to);
      if (!other) continue;
      if (other->site == site) {
        throw InputError(
            fmt::format("system.lattice {} is too small for {} (a bond would join a site to itself): enlarge the lattice or drop the coupling of {}",
                        lattice.describe(), called, called.starts_with("neighbour shell") ? "that shell" : "those bonds"));
      }
      pairs[std::minmax(site, other->site)].insert(site < other->site ? other->winding : opposite(other->winding));
    }
  }
  return pairs;
}

PairImages listed_pairs(const NamedPairs& list) {
  PairImages pairs;
  for (const auto& [i, j] : list.pairs) pairs[std::minmax(i, j)].insert(CellVector{});
  return pairs;
}

PairImages pairs_of_shell(const Lattice& lattice, int shell) {
  QS_ASSERT(shell >= 1);
  if (lattice.has_cells()) return wrapped_pairs(lattice, shell_steps(lattice.cell(), shell), fmt::format("neighbour shell {}", shell));
  const std::vector<NamedPairs>& lists = lattice.options().graph.bonds;
  if (shell > static_cast<int>(lists.size())) {
    throw InputError(
        fmt::format("system.lattice {} has no shell {} (its shells are its {} lists of bonds): write one more list, or use a lower shell",
                    lattice.describe(), shell, lists.size()));
  }
  return listed_pairs(lists[shell - 1]);
}

int seam_sign(const std::vector<Boundary>& boundary, const CellVector& winding) {
  int sign = 1;
  for (std::size_t axis = 0; axis < boundary.size(); ++axis) {
    if (boundary[axis] == Boundary::antiperiodic && winding[axis] % 2 != 0) sign = -sign;
  }
  return sign;
}

std::vector<Bond> merged(const Lattice& lattice, const PairImages& pairs, const std::string& called) {
  const std::vector<Boundary>& boundary = lattice.options().boundary;
  std::vector<Bond> bonds;
  for (const auto& [pair, windings] : pairs) {
    const CellVector& least =
        *std::min_element(windings.begin(), windings.end(), [](const CellVector& a, const CellVector& b) { return crossings(a) < crossings(b); });
    const int sign = seam_sign(boundary, least);
    for (const CellVector& winding : windings) {
      if (seam_sign(boundary, winding) == sign) continue;
      throw InputError(
          fmt::format("system.lattice {}: sites {} and {} are joined in {} both inside and across an antiperiodic seam (the two hoppings cancel): "
                      "use a longer antiperiodic axis",
                      lattice.describe(), pair.first, pair.second, called));
    }
    Bond bond{pair.first, pair.second, sign, least, {}};
    for (const CellVector& winding : windings) {
      for (int axis = 0; axis < 3; ++axis) bond.merged[axis] = bond.merged[axis] || winding[axis] != least[axis];
    }
    bonds.push_back(bond);
  }
  return bonds;
}

std::vector<Pair> without_images(const PairImages& pairs) {
  std::vector<Pair> result;
  for (const auto& [pair, windings] : pairs) result.push_back(pair);
  return result;
}

}  // namespace

std::vector<Bond> Lattice::bonds(int shell) const { return merged(*this, pairs_of_shell(*this, shell), fmt::format("shell {}", shell)); }

std::vector<Bond> Lattice::bonds(const std::string& name) const {
  for (const NamedSteps& list : cell_.bonds) {
    const std::string called = fmt::format("bonds '{}'", name);
    if (list.name == name) return merged(*this, wrapped_pairs(*this, list.steps, called), called);
  }
  for (const NamedPairs& list : options_.graph.bonds) {
    if (list.name == name) return merged(*this, listed_pairs(list), name);
  }
  const std::vector<std::string> known = bond_names();
  if (known.empty()) throw InputError(fmt::format("system.lattice {} has no bonds '{}' (none have a name): name a shell", describe(), name));
  throw InputError(fmt::format("system.lattice {} has no bonds '{}' (known: {})", describe(), name, fmt::join(known, ", ")));
}

std::vector<std::string> Lattice::bond_names() const {
  std::vector<std::string> names;
  for (const NamedSteps& list : cell_.bonds) names.push_back(list.name);
  for (const NamedPairs& list : options_.graph.bonds) names.push_back(list.name);
  return names;
}

std::vector<int> Lattice::two_colouring(int sites, const std::vector<Bond>& bonds) {
  std::vector<Pair> pairs;
  for (const Bond& bond : bonds) pairs.emplace_back(bond.i, bond.j);
  return two_colours(sites, pairs);
}

// Translations keep a colouring or swap its colours, so the colour of a site is that of its basis site plus p . cell mod 2: two cells
// along every axis show all of it, and their torus closes without a seam.
std::vector<int> Lattice::sublattices() const {
  if (!has_cells()) return two_colouring(sites_, bonds(1));
  LatticeOptions options = options_;
  options.torus.clear();
  options.size.assign(axes(), 2);
  options.boundary.assign(axes(), Boundary::periodic);
  const Lattice pattern(std::move(options));
  const std::vector<int> colour = two_colouring(pattern.sites(), pattern.bonds(1));
  std::vector<int> result;
  for (int site = 0; site < sites_ && !colour.empty(); ++site) result.push_back(colour[pattern.image_at(cell_vector(site), basis_site(site))->site]);
  return result;
}

std::vector<int> Lattice::graph_distance(const std::vector<int>& shells) const {
  std::vector<Pair> all;
  for (const int shell : shells) {
    const std::vector<Pair> pairs = without_images(pairs_of_shell(*this, shell));
    all.insert(all.end(), pairs.begin(), pairs.end());
  }
  return hop_distances(sites_, all);
}

std::vector<std::string> Lattice::warnings(int shells) const {
  if (!has_cells()) shells = std::min(shells, static_cast<int>(options_.graph.bonds.size()));
  std::vector<std::string> result;
  std::vector<PairImages> pairs;
  for (int shell = 1; shell <= shells; ++shell) pairs.push_back(pairs_of_shell(*this, shell));
  for (int first = 1; first <= shells; ++first) {
    for (int second = first + 1; second <= shells; ++second) {
      const auto shared = std::count_if(pairs[second - 1].begin(), pairs[second - 1].end(),
                                        [&](const auto& entry) { return pairs[first - 1].contains(entry.first); });
      if (shared == 0) continue;
      result.push_back(fmt::format(
          "system.lattice {}: {} pairs of sites are neighbours of shell {} and of shell {} (the lattice is small): their couplings add up",
          describe(), shared, first, second));
    }
  }
  return result;
}

}  // namespace qs

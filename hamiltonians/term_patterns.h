// Where a term acts: all sites, a list, the bonds of a shell, tuples of any length, or a pattern repeated in every unit cell.
#pragma once

#include <array>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "hamiltonians/lattice.h"
#include "hamiltonians/site_images.h"

namespace qs {

using SiteTuples = std::vector<std::vector<int>>;
using BondSets = std::map<std::string, SiteTuples>;  // tuples that the input names once and uses in several terms

struct AllSites {};
struct SiteList {
  std::vector<int> sites;
};
// Bonds point to the right, or up (see DirectedBond): S+ S- on a ring is sum_x S+_x S-_{x+1}, the seam included.
struct ShellBonds {
  int shell = 1;
};
// The images of a tuple's sites are the ones nearest to its first site.
struct ExplicitTuples {
  SiteTuples tuples;
};
struct NamedTuples {
  std::string name;
};
struct PatternSite {
  std::array<int, 3> offset = {};  // cells along each axis
  int basis = 0;
  int axes = 0;  // so many steps were written; 0: as many as the lattice has axes
};
// Once per unit cell. Nothing is merged: on a ring of two cells the pattern {0, +1} joins the pair twice.
struct CellPattern {
  std::vector<PatternSite> sites;
};
using Where = std::variant<AllSites, SiteList, ShellBonds, ExplicitTuples, NamedTuples, CellPattern>;

struct Placement {
  std::vector<int> sites;            // the k-th is slot k; all different
  std::vector<CellVector> windings;  // of every site, relative to the first
  std::array<bool, 3> merged = {};   // as in DirectedBond
};

// Sites per placement, from the description alone. InputError for tuples of different lengths, empty ones, unknown names.
int sites_per_placement(const Where& where, const BondSets& sets);
// In a fixed order: sites ascending, bonds as Lattice::bonds, tuples as written, patterns by cell. Images beyond open ends drop out.
// InputError for sites that do not exist or stand twice in a tuple, and for patterns that wrap onto themselves.
std::vector<Placement> placements(const Lattice& lattice, const Where& where, const BondSets& sets);

}  // namespace qs

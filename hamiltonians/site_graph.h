// Sites and lists of pairs: a lattice that is written down bond by bond. Also the walks over such lists.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "hamiltonians/unit_cell.h"

namespace qs {

struct NamedPairs {
  std::string name;
  std::vector<std::pair<int, int>> pairs;
};

struct SiteGraph {
  int sites = 0;
  std::vector<Vector3> positions = {};  // of every site, or empty
  std::vector<NamedPairs> bonds = {};   // shell k is the k-th list; a list named "1" or "nn" comes first
};

// Checks the graph (InputError: no sites, pairs out of range, twice or of one site, names given twice) and puts its shell 1 first.
SiteGraph checked(SiteGraph graph);

// Breadth-first walks. [sites]: 0/1 so that neighbours differ, each part from its first site; empty if there is no such colouring.
std::vector<int> two_colours(int sites, const std::vector<std::pair<int, int>>& pairs);
// [sites, sites]: number of edges between each two sites, -1 if nothing joins them.
std::vector<int> hop_distances(int sites, const std::vector<std::pair<int, int>>& pairs);

}  // namespace qs

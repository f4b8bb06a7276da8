#include "hamiltonians/site_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <queue>
#include <set>

#include "engine/base/error.h"

namespace qs {

namespace {

using Pairs = std::vector<std::pair<int, int>>;

void check_pairs(const NamedPairs& list, int sites) {
  std::set<std::pair<int, int>> seen;
  for (const auto& [i, j] : list.pairs) {
    if (std::min(i, j) < 0 || std::max(i, j) >= sites) {
      throw InputError(
          fmt::format("system.lattice: bonds.{} joins {} and {} (sites are counted from 0 to {}): use numbers of sites", list.name, i, j, sites - 1));
    }
    if (i == j) throw InputError(fmt::format("system.lattice: bonds.{} joins site {} to itself (a bond needs two sites): remove it", list.name, i));
    if (!seen.insert(std::minmax(i, j)).second) {
      throw InputError(fmt::format("system.lattice: bonds.{} joins {} and {} twice (bonds count once): keep one", list.name, i, j));
    }
  }
}

std::vector<std::vector<int>> neighbours_of(int sites, const Pairs& pairs) {
  std::vector<std::vector<int>> neighbours(sites);
  for (const auto& [i, j] : pairs) {
    neighbours[i].push_back(j);
    neighbours[j].push_back(i);
  }
  return neighbours;
}

}  // namespace

SiteGraph checked(SiteGraph graph) {
  constexpr int most = 1 << 20;
  if (graph.sites < 1 || graph.sites > most) {
    throw InputError(fmt::format("system.lattice: sites {} is not a number of sites: use 1 to {}", graph.sites, most));
  }
  if (!graph.positions.empty() && static_cast<int>(graph.positions.size()) != graph.sites) {
    throw InputError(fmt::format("system.lattice: positions has {} entries (the graph has {} sites): give one position per site, or none",
                                 graph.positions.size(), graph.sites));
  }
  for (const Vector3& r : graph.positions) {
    if (!std::isfinite(dot(r, r))) throw InputError("system.lattice: positions has a coordinate that is not finite: give finite coordinates");
  }
  std::set<std::string> names;
  for (const NamedPairs& list : graph.bonds) {
    if (!names.insert(list.name).second) throw InputError(fmt::format("system.lattice: bonds.{} is given twice: keep one", list.name));
    check_pairs(list, graph.sites);
  }
  const auto nearest = std::find_if(graph.bonds.begin(), graph.bonds.end(), [](const NamedPairs& l) { return l.name == "1" || l.name == "nn"; });
  if (nearest != graph.bonds.end()) std::rotate(graph.bonds.begin(), nearest, nearest + 1);
  return graph;
}

std::vector<int> two_colours(int sites, const Pairs& pairs) {
  const std::vector<std::vector<int>> neighbours = neighbours_of(sites, pairs);
  std::vector<int> colour(sites, -1);
  for (int start = 0; start < sites; ++start) {
    if (colour[start] >= 0) continue;
    colour[start] = 0;
    std::queue<int> frontier({start});
    while (!frontier.empty()) {
      const int site = frontier.front();
      frontier.pop();
      for (const int next : neighbours[site]) {
        if (colour[next] == colour[site]) return {};
        if (colour[next] >= 0) continue;
        colour[next] = 1 - colour[site];
        frontier.push(next);
      }
    }
  }
  return colour;
}

std::vector<int> hop_distances(int sites, const Pairs& pairs) {
  const std::vector<std::vector<int>> neighbours = neighbours_of(sites, pairs);
  std::vector<int> distance(static_cast<std::size_t>(sites) * sites, -1);
  for (int start = 0; start < sites; ++start) {
    int* row = distance.data() + static_cast<std::size_t>(start) * sites;
    row[start] = 0;
    std::queue<int> frontier({start});
    while (!frontier.empty()) {
      const int site = frontier.front();
      frontier.pop();
      for (const int next : neighbours[site]) {
        if (row[next] >= 0) continue;
        row[next] = row[site] + 1;
        frontier.push(next);
      }
    }
  }
  return distance;
}

}  // namespace qs

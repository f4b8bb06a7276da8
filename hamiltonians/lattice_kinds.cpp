#include "hamiltonians/lattice_kinds.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "engine/base/error.h"

namespace qs {

// Lengths are in units of the primitive vectors, which all have length 1.
std::span<const LatticeKind> lattice_kinds() {
  using enum LatticeForm;
  static const double h = std::sqrt(3.0) / 2;
  static const std::vector<Vector3> line = {{1, 0, 0}}, right = {{1, 0, 0}, {0, 1, 0}};
  static const std::vector<Vector3> oblique = {{1, 0, 0}, {0.5, h, 0}};
  static const std::vector<LatticeKind> table = {
      {"chain", "a ring or an open chain", named_cell, {line}},
      {"square", "square lattice", named_cell, {right}},
      {"triangular", "triangular lattice", named_cell, {oblique}},
      {"honeycomb", "honeycomb lattice, two sites per cell", named_cell, {oblique, {{0.5, h / 3, 0}, {1, 2 * h / 3, 0}}}},
      {"kagome", "kagome lattice, three sites per cell", named_cell, {oblique, {{0.5, 0, 0}, {0.25, h / 2, 0}, {0.75, h / 2, 0}}}},
      {"cubic", "simple cubic lattice", named_cell, {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}},
      {"ladder",
       "ladder of [length, legs]: bonds 'leg' along the first axis, 'rung' along the second, which is open unless the boundary says otherwise",
       named_cell,
       {right, {{0, 0, 0}}, {{"leg", {{{1, 0, 0}}}}, {"rung", {{{0, 1, 0}}}}}},
       {Boundary::periodic, Boundary::open}},
      {"lieb",
       "Lieb lattice, three sites per cell: a corner and the middles of the two edges",
       named_cell,
       {right, {{0, 0, 0}, {0.5, 0, 0}, {0, 0.5, 0}}}},
      // Sites are the middles of the edges of a square lattice; the four edges that meet in a corner make a crossed plaquette.
      {"checkerboard",
       "checkerboard lattice, two sites per cell: bonds 'nn', and 'diagonal' across every second plaquette",
       named_cell,
       {right,
        {{0.5, 0, 0}, {0, 0.5, 0}},
        {{"nn", {{{0, 0, 0}, 0, 1}, {{1, 0, 0}, 0, 1}, {{0, -1, 0}, 0, 1}, {{1, -1, 0}, 0, 1}}},
         {"diagonal", {{{1, 0, 0}, 0, 0}, {{0, 1, 0}, 1, 1}}}}}},
      {"cell", "a cell of your own: primitive vectors in one to three dimensions, basis, named bonds", own_cell},
      {"graph", "sites and lists of bonds, without cells", graph},
  };
  return table;
}

const LatticeKind& find_lattice_kind(const std::string& name) {
  std::vector<std::string> names;
  for (const LatticeKind& kind : lattice_kinds()) {
    if (kind.name == name) return kind;
    names.push_back(kind.name);
  }
  throw InputError(fmt::format("system.lattice.kind '{}' is not known (known: {})", name, fmt::join(names, ", ")));
}

}  // namespace qs

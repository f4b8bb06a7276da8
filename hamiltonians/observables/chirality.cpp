// S_i.(S_j x S_k) on the elementary triangles, counted counter-clockwise: three mutual nearest neighbours, or, where there are none (square,
// honeycomb, chain), two neighbours of a site that are second neighbours of each other. Three sites on a line count from left to right.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>

#include "engine/base/error.h"
#include "hamiltonians/observables/local_operators.h"
#include "hamiltonians/observables/translated_pairs.h"
#include "hamiltonians/shells.h"
#include "hamiltonians/terms.h"

namespace qs {

using enum SectorKind;

namespace {

using Triangle = std::array<int, 3>;

Triangle from_smallest(Triangle t) {
  std::rotate(t.begin(), std::min_element(t.begin(), t.end()), t.end());
  return t;
}

Vector3 vector_of(const Lattice& lattice, const CellStep& step) {
  const Vector3 to = cell_position(lattice.cell(), step.step, step.to), from = lattice.cell().basis[step.from];
  return {to[0] - from[0], to[1] - from[1], to[2] - from[2]};
}

Vector3 cross(const Vector3& a, const Vector3& b) { return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]}; }

// The sign of the last component that differs from zero: seen from +z, in a plane through z from +y, and so on.
int sign_of(const Vector3& v) {
  for (int axis = 2; axis >= 0; --axis) {
    if (std::abs(v[axis]) > 1e-9) return v[axis] > 0 ? 1 : -1;
  }
  return 0;
}

// Triangles with a corner on a site of the first basis, both of whose edges are shell-1 steps and whose third is a step of shell `closing`.
class Corners {
 public:
  Corners(const Lattice& lattice, int closing)
      : lattice_(lattice), edges_(shell_steps(lattice.cell(), 1)), closing_(shell_steps(lattice.cell(), closing)) {}

  std::set<Triangle> all() const {
    std::set<Triangle> found;
    for (int site = 0; site < lattice_.sites(); ++site) {
      for (const CellStep& a : edges_) {
        for (const CellStep& b : edges_) {
          if (a.from != lattice_.basis_site(site) || b.from != a.from || !closes(a, b)) continue;
          if (const auto triangle = at(site, a, b)) found.insert(*triangle);
        }
      }
    }
    return found;
  }

 private:
  bool closes(const CellStep& a, const CellStep& b) const {
    const CellStep third{{b.step[0] - a.step[0], b.step[1] - a.step[1], b.step[2] - a.step[2]}, a.to, b.to};
    return std::find(closing_.begin(), closing_.end(), third) != closing_.end();
  }

  // Counter-clockwise only: (site, a, b) and (site, b, a) are the same triangle.
  std::optional<Triangle> at(int site, const CellStep& a, const CellStep& b) const {
    const Vector3 to_a = vector_of(lattice_, a), to_b = vector_of(lattice_, b);
    const int turn = sign_of(cross(to_a, to_b));
    const bool on_a_line = turn == 0;
    if (turn < 0 || (on_a_line && sign_of(to_b) < 0)) return std::nullopt;
    const auto first = lattice_.image(site, a.step, a.to), second = lattice_.image(site, b.step, b.to);
    if (!first || !second || first->site == second->site || first->site == site || second->site == site) return std::nullopt;
    return on_a_line ? from_smallest({first->site, site, second->site}) : from_smallest({site, first->site, second->site});
  }

  const Lattice& lattice_;
  std::vector<CellStep> edges_, closing_;
};

// A graph has no second neighbours, and perhaps no places: sites in ascending order, unless places say that they run clockwise.
std::set<Triangle> triangles_of_graph(const Lattice& lattice) {
  std::set<std::pair<int, int>> bonds;
  for (const Bond& bond : lattice.bonds(1)) bonds.emplace(bond.i, bond.j);
  std::set<Triangle> found;
  for (const auto& [i, j] : bonds) {
    for (int k = j + 1; k < lattice.sites(); ++k) {
      if (!bonds.contains({i, k}) || !bonds.contains({j, k})) continue;
      bool clockwise = false;
      if (lattice.has_positions()) {
        const Vector3 o = lattice.position(i), a = lattice.position(j), b = lattice.position(k);
        clockwise = sign_of(cross({a[0] - o[0], a[1] - o[1], a[2] - o[2]}, {b[0] - o[0], b[1] - o[1], b[2] - o[2]})) < 0;
      }
      found.insert(clockwise ? Triangle{i, k, j} : Triangle{i, j, k});
    }
  }
  return found;
}

std::vector<NamedOperator> build_chirality(const ObservableInput& input) {
  empty_observable("chirality", "-", input.sector);  // refuses the sector
  refuse_twisted_spins(input, "chirality");
  const Lattice& lattice = input.lattice;
  std::set<Triangle> triangles = lattice.has_cells() ? Corners(lattice, 1).all() : triangles_of_graph(lattice);
  if (triangles.empty() && lattice.has_cells()) triangles = Corners(lattice, 2).all();
  if (triangles.empty()) throw InputError(fmt::format("observable chirality: {} has no triangles of neighbours: remove it", lattice.describe()));
  TermOptions options{.name = "chirality"};
  options.sign_rule = input.sign_rule;
  std::vector<NamedOperator> result;
  for (const auto& [i, j, k] : triangles) {
    const TermSpec term{.name = "", .expression = "S.(S x S)", .where = ExplicitTuples{{{i, j, k}}}, .coefficient = {}, .coupling = ""};
    result.push_back({fmt::format("{}-{}-{}", i, j, k), build_terms(lattice, input.sector.options().kind, {term}, options)});
  }
  return result;
}

}  // namespace

ObservableEntry chirality_entry() {
  return {
      .name = "chirality",
      .doc =
          "<S_i.(S_j x S_k)> of every elementary triangle, counter-clockwise: three nearest neighbours of each other, or where there are none two "
          "neighbours of a site that are second neighbours",
      .sectors = {spin_half, spinful_fermions},
      .build = build_chirality};
}

}  // namespace qs

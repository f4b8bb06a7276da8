#include "hamiltonians/lattice_input.h"

#include <algorithm>

namespace qs {
namespace {

const auto unprinted = [](const auto&) { return std::string(); };

const Words<Boundary>& boundary_words() {
  static const Words<Boundary> words = {{"periodic", Boundary::periodic}, {"open", Boundary::open}, {"antiperiodic", Boundary::antiperiodic}};
  return words;
}

template <class Array>
Array filled(const Node& node) {
  Array out{};
  std::size_t i = 0;
  for (const Node& item : node.items()) out.at(i++) = static_cast<typename Array::value_type>(item.number());
  return out;
}

template <class Array>
void fill_list(const Node& node, std::vector<Array>& list) {
  list.clear();
  for (const Node& item : node.items()) list.push_back(filled<Array>(item));
}

// {name: [[...], ...]} -> named lists of `Item`s, each read from one list of integers.
template <class Named, class Read>
void read_named(const Node& node, std::vector<Named>& lists, Read read) {
  lists.clear();
  for (const auto& [name, list] : node.entries()) {
    lists.push_back({name, {}});
    for (const Node& item : list.items()) read(item.integers(), lists.back());
  }
}

// [dx, dy, from, to]
void add_step(const std::vector<std::int64_t>& numbers, NamedSteps& list) {
  CellStep step;
  for (std::size_t axis = 0; axis + 2 < numbers.size(); ++axis) step.step.at(axis) = static_cast<int>(numbers[axis]);
  step.from = static_cast<int>(numbers[numbers.size() - 2]);
  step.to = static_cast<int>(numbers.back());
  list.steps.push_back(step);
}

void add_pair(const std::vector<std::int64_t>& numbers, NamedPairs& list) {
  list.pairs.emplace_back(static_cast<int>(numbers.at(0)), static_cast<int>(numbers.at(1)));
}

std::string print_boundary(const std::vector<Boundary>& boundary) {
  std::string out;
  for (const Boundary one : boundary) out += (out.empty() ? "" : ", ") + word_of(boundary_words(), one);
  return "[" + out + "]";
}

// size or torus, and what happens at the ends. `low`, `high`: how many axes there may be.
void add_torus(Options<LatticeOptions>& options, const LatticeKind& kind, std::size_t low, std::size_t high) {
  using L = LatticeOptions;
  const bool line = high == 1;
  options.integers("size", &L::size, shape::list(shape::integer(1, 4096), low, high), "cells per axis").unit("cells");
  if (line)
    options.otherwise_required("[12]");
  else
    options.otherwise_absent(high == 3 && low == 3 ? "'torus' must be given, e.g. size: [2, 2, 3]" : "'torus' must be given, e.g. size: [4, 4]");
  if (!line) {
    options
        .add(
            "torus", shape::list(shape::list(shape::integer(-4096, 4096), low, high), low, high),
            "instead of size, for tilted clusters: the steps of cells that lead back to the same site, e.g. [[3, 1], [-1, 3]] for 10 sites",
            &L::torus, [](const Node& node, std::vector<CellVector>& torus) { fill_list(node, torus); }, unprinted)
        .since("0.3.0")
        .otherwise_absent("as long as size says along every axis");
  }
  const std::string which = line ? "" : "; a list gives one per axis";
  options.other("periodic", shape::either({shape::flag(), shape::list(shape::flag(), low, high)}), absent("true, unless 'boundary' is given"),
                "short form of 'boundary': true = periodic, false = open" + which);
  std::vector<std::string> words;
  for (const auto& [word, meaning] : boundary_words()) words.push_back(word);
  options.add(
      "boundary", shape::either({shape::choice(words), shape::list(shape::choice(words), low, high)}),
      (line ? "what happens at the end of the chain" : "what happens at the ends of an axis" + which) +
          "; antiperiodic: hopping across the seam times -1 (fermions only)",
      &L::boundary,
      [](const Node& node, std::vector<Boundary>& boundary) {
        boundary.clear();
        for (const std::string& word : node.texts()) boundary.push_back(meaning_of(boundary_words(), word));
      },
      print_boundary);
  if (kind.boundary.empty()) options.otherwise_absent("periodic, unless 'periodic' is given");
}

void add_bonds(Options<LatticeOptions>& options) {
  options
      .add(
          "bonds", shape::open(shape::list(shape::list(shape::integer(-4096, 4096), 3, 5), 1)),
          "bonds by name, each as [steps of cells along the axes ..., site of this cell, site of that cell]: {x: [[1, 0, 0, 1]]}",
          [](auto& all) -> auto& { return all.cell.bonds; },
          [](const Node& node, std::vector<NamedSteps>& lists) { read_named(node, lists, add_step); }, unprinted)
      .since("0.3.0")
      .otherwise_absent("none; shells by distance always exist");
}

void add_cell(Options<LatticeOptions>& options) {
  options
      .add(
          "vectors", shape::list(shape::list(shape::number(), 1, 3), 1, 3), "primitive vectors, in Cartesian coordinates",
          [](auto& all) -> auto& { return all.cell.primitive; }, [](const Node& node, std::vector<Vector3>& list) { fill_list(node, list); },
          unprinted)
      .since("0.3.0")
      .otherwise_required("[[1.0, 0.0], [0.5, 0.866]]");
  options
      .add(
          "basis", shape::list(shape::list(shape::number(), 1, 3), 1), "places of the sites of a cell, in Cartesian coordinates",
          [](auto& all) -> auto& { return all.cell.basis; }, [](const Node& node, std::vector<Vector3>& list) { fill_list(node, list); }, unprinted)
      .since("0.3.0")
      .otherwise_absent("one site, at the origin");
  add_bonds(options);
}

void add_graph(Options<LatticeOptions>& options) {
  options
      .integer(
          "sites", [](auto& all) -> auto& { return all.graph.sites; }, 1, 1 << 20, "number of sites")
      .since("0.3.0")
      .otherwise_required("4");
  options
      .add(
          "bonds", shape::open(shape::list(shape::list(shape::integer(0, 1 << 20), 2, 2), 1)),
          "pairs of sites by name: {nn: [[0, 1], [1, 2]], next: [[0, 2]]}; shell 1 is the list 'nn' or the first, shell 2 the next ...",
          [](auto& all) -> auto& { return all.graph.bonds; },
          [](const Node& node, std::vector<NamedPairs>& lists) { read_named(node, lists, add_pair); }, unprinted)
      .since("0.3.0")
      .otherwise_required("{nn: [[0, 1], [1, 2], [2, 3]]}");
  options
      .add(
          "positions", shape::list(shape::list(shape::number(), 1, 3), 1), "places of the sites, in Cartesian coordinates",
          [](auto& all) -> auto& { return all.graph.positions; }, [](const Node& node, std::vector<Vector3>& list) { fill_list(node, list); },
          unprinted)
      .since("0.3.0")
      .otherwise_absent("none");
}

}  // namespace

Options<LatticeOptions> lattice_options(const LatticeKind& kind) {
  Options<LatticeOptions> options(LatticeOptions{.kind = kind.name, .boundary = kind.boundary});
  if (kind.form == LatticeForm::graph) {
    add_graph(options);
    return options;
  }
  if (kind.form == LatticeForm::own_cell) {
    add_cell(options);
    add_torus(options, kind, 1, 3);
    return options;
  }
  const auto axes = static_cast<std::size_t>(kind.cell.axes());
  add_torus(options, kind, axes, axes);
  add_bonds(options);
  return options;
}

LatticeOptions read_lattice(const Node& node) { return lattice_options(find_lattice_kind(node.kind())).read(node); }

}  // namespace qs

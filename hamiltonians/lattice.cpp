#include "hamiltonians/lattice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <numbers>

#include "engine/base/error.h"
#include "hamiltonians/lattice_kinds.h"

namespace qs {

namespace {

constexpr std::int64_t kMaxSites = 1 << 20;

const char* name_of(Boundary boundary) {
  switch (boundary) {
    case Boundary::open:
      return "open";
    case Boundary::periodic:
      return "periodic";
    case Boundary::antiperiodic:
      return "antiperiodic";
  }
  return "";
}

void check_size(const std::vector<int>& size, int basis, const std::string& kind, int axes) {
  if (static_cast<int>(size.size()) != axes) {
    throw InputError(
        fmt::format("system.lattice.size has {} entries (a {} lattice has {}): give one number of cells per axis", size.size(), kind, axes));
  }
  std::int64_t sites = basis;
  for (const int length : size) {
    if (length < 1) throw InputError(fmt::format("system.lattice.size {} is not positive (cells per axis): use 1 or more", length));
    sites *= length;
    if (sites > kMaxSites) throw InputError(fmt::format("system.lattice.size gives more than {} sites: use a smaller lattice", kMaxSites));
  }
}

std::vector<CellVector> along_axes(const std::vector<int>& size) {
  std::vector<CellVector> rows(size.size(), CellVector{});
  for (std::size_t axis = 0; axis < size.size(); ++axis) rows[axis][axis] = size[axis];
  return rows;
}

// The lengths of a torus whose rows lie along the axes; empty for a tilted one.
std::vector<int> lengths_of(const std::vector<CellVector>& torus) {
  std::vector<int> size;
  for (std::size_t axis = 0; axis < torus.size(); ++axis) size.push_back(torus[axis][axis]);
  const bool straight = torus == along_axes(size) && std::all_of(size.begin(), size.end(), [](int length) { return length > 0; });
  return straight ? size : std::vector<int>{};
}

// A named lattice takes more bonds, but no other cell.
UnitCell own_or_named_cell(const LatticeKind& kind, const UnitCell& own) {
  UnitCell cell = own;
  if (kind.form == LatticeForm::named_cell) {
    if (!own.primitive.empty()) {
      throw InputError(fmt::format("system.lattice of kind {} takes no primitive vectors (its cell is known): use kind cell", kind.name));
    }
    cell = kind.cell;
    cell.bonds.insert(cell.bonds.end(), own.bonds.begin(), own.bonds.end());
  }
  check_cell(cell);
  return cell;
}

void check_graph_options(const LatticeOptions& options) {
  if (options.size.empty() && options.boundary.empty() && options.torus.empty()) return;
  throw InputError("system.lattice of kind graph takes no size, torus or boundary (its bonds say everything): remove them");
}

}  // namespace

Lattice::Lattice(LatticeOptions options) : options_(std::move(options)) {
  const LatticeKind& kind = find_lattice_kind(options_.kind);
  if (kind.form == LatticeForm::graph) {
    check_graph_options(options_);
    options_.graph = checked(std::move(options_.graph));
    sites_ = options_.graph.sites;
    return;
  }
  cell_ = own_or_named_cell(kind, options_.cell);
  if (options_.boundary.empty()) options_.boundary = kind.boundary;
  if (options_.boundary.empty()) options_.boundary.assign(cell_.axes(), Boundary::periodic);
  reciprocal_ = reciprocal_vectors(cell_);
  take_torus();
}

// Leaves either lengths of the axes in options_.size, or in options_.torus a tilted one.
void Lattice::take_torus() {
  if (static_cast<int>(options_.boundary.size()) != axes()) {
    throw InputError(fmt::format("system.lattice.boundary has {} entries (a {} lattice has {}): give one boundary per axis", options_.boundary.size(),
                                 options_.kind, axes()));
  }
  if (options_.torus.empty()) {
    check_size(options_.size, cell_.sites(), options_.kind, axes());
    torus_ = Torus(along_axes(options_.size));
  } else {
    if (!options_.size.empty()) throw InputError("system.lattice has a size and a torus (both say where the lattice ends): keep one");
    if (static_cast<int>(options_.torus.size()) != axes()) {
      throw InputError(fmt::format("system.lattice: torus has {} rows (a {} lattice has {}): give one periodicity vector per axis",
                                   options_.torus.size(), options_.kind, axes()));
    }
    torus_ = Torus(options_.torus);
    options_.size = lengths_of(options_.torus);
    if (!options_.size.empty()) options_.torus.clear();
  }
  const std::int64_t sites = std::int64_t{torus_.cells()} * cell_.sites();
  if (sites > kMaxSites) throw InputError(fmt::format("system.lattice: torus gives more than {} sites: use a smaller lattice", kMaxSites));
  sites_ = static_cast<int>(sites);
}

void Lattice::require_cells(const char* what) const {
  if (has_cells()) return;
  throw InputError(fmt::format("system.lattice {} has no {} (a graph has no cells that repeat): use a lattice of cells, or leave out what needs them",
                               describe(), what));
}

std::string Lattice::describe() const {
  if (!has_cells()) return fmt::format("graph of {} sites", sites_);
  std::string text = options_.kind + " ";
  if (is_tilted()) {
    std::vector<std::string> rows;
    for (const CellVector& row : options_.torus) rows.push_back(fmt::format("{}", fmt::join(row.begin(), row.begin() + axes(), " ")));
    text += fmt::format("[{}]", fmt::join(rows, "; "));
  } else {
    text += fmt::format("{}", fmt::join(options_.size, "x"));
  }
  std::vector<const char*> names;
  for (const Boundary boundary : options_.boundary) names.push_back(name_of(boundary));
  if (std::equal(options_.boundary.begin() + 1, options_.boundary.end(), options_.boundary.begin())) names.resize(1);
  return fmt::format("{}, {}", text, fmt::join(names, " x "));
}

CellVector Lattice::cell_vector(int site) const {
  require_cells("cells");
  return torus_.cell(site / cell_.sites());
}

int Lattice::basis_site(int site) const { return site % basis(); }

std::optional<Image> Lattice::image_at(const CellVector& cell, int basis) const {
  require_cells("cells");
  QS_ASSERT(basis >= 0 && basis < cell_.sites());
  const Torus::Place place = torus_.place(cell);
  for (int axis = 0; axis < 3; ++axis) {
    if (place.winding[axis] == 0) continue;
    if (axis >= axes()) {
      throw InputError(fmt::format("system.lattice {} has no axis {} (a step leads along it): give one integer per axis", describe(), axis + 1));
    }
    if (options_.boundary[axis] == Boundary::open) return std::nullopt;
  }
  return Image{place.number * cell_.sites() + basis, place.winding};
}

std::optional<Image> Lattice::image(int site, const CellVector& step, int basis) const {
  CellVector cell = cell_vector(site);
  for (int axis = 0; axis < 3; ++axis) cell[axis] += step[axis];
  return image_at(cell, basis);
}

std::vector<int> Lattice::translation(const CellVector& step) const {
  std::vector<int> images;
  if (!has_cells()) return images;
  for (int site = 0; site < sites_; ++site) {
    const std::optional<Image> moved = image(site, step, basis_site(site));
    if (!moved) return {};
    images.push_back(moved->site);
  }
  return images;
}

Vector3 Lattice::position(int site) const {
  if (has_cells()) return cell_position(cell_, cell_vector(site), basis_site(site));
  if (!has_positions()) {
    throw InputError(fmt::format("system.lattice {} has no positions (none are given): give every site one", describe()));
  }
  return options_.graph.positions.at(site);
}

Vector3 Lattice::fractional(int site) const {
  const CellVector cell = cell_vector(site);
  Vector3 result{};
  for (int axis = 0; axis < axes(); ++axis) {
    result[axis] = cell[axis] + dot(reciprocal_[axis], cell_.basis[basis_site(site)]) / (2 * std::numbers::pi);
  }
  return result;
}

Vector3 Lattice::primitive(int axis) const {
  require_cells("primitive vectors");
  return cell_.primitive.at(axis);
}

Vector3 Lattice::reciprocal(int axis) const {
  require_cells("reciprocal vectors");
  return reciprocal_.at(axis);
}

// What the seams add to the turns: f with f . T_p = angles_p / 2 pi for every periodicity vector T_p.
Vector3 Lattice::added_turns(const std::array<double, 3>& angles) const {
  UnitCell whole;
  for (int p = 0; p < axes(); ++p) {
    Vector3 row{};
    for (int axis = 0; axis < axes(); ++axis) row[axis] = is_tilted() ? options_.torus[p][axis] : p == axis ? options_.size[p] : 0;
    whole.primitive.push_back(row);
  }
  const std::vector<Vector3> dual = reciprocal_vectors(whole);
  Vector3 turns{};
  for (int p = 0; p < axes(); ++p) {
    for (int axis = 0; axis < axes(); ++axis) turns[axis] += angles[p] / (4 * std::numbers::pi * std::numbers::pi) * dual[p][axis];
  }
  return turns;
}

std::vector<Momentum> Lattice::momenta(const std::array<double, 3>& angles) const {
  require_cells("wave vectors");
  const Vector3 added = added_turns(angles);
  std::vector<Momentum> result;
  for (const CellVector& k : torus_.dual()) {
    Vector3 q{}, turns{};
    for (int axis = 0; axis < axes(); ++axis) {
      turns[axis] = static_cast<double>(k[axis]) / torus_.denominators()[axis] + added[axis];
      for (int x = 0; x < 3; ++x) q[x] += turns[axis] * reciprocal_[axis][x];
    }
    const std::string label = is_tilted() ? fmt::format("{}", result.size()) : fmt::format("{}", fmt::join(k.begin(), k.begin() + axes(), ","));
    result.push_back({k, torus_.denominators(), turns, q, label});
  }
  return result;
}

}  // namespace qs

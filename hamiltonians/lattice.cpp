#include "hamiltonians/lattice.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <queue>
#include <set>

#include "kernels/api/error.h"

namespace qs {

namespace {

using Vector = std::array<double, 2>;

struct Geometry {
  const char* name;
  int axes;
  std::array<Vector, 2> primitive;
  std::vector<Vector> basis;  // Cartesian offsets
};

const Geometry& geometry(LatticeKind kind) {
  static const double h = std::sqrt(3.0) / 2;
  static const Geometry chain{"chain", 1, {{{1, 0}, {0, 0}}}, {{0, 0}}};
  static const Geometry square{"square", 2, {{{1, 0}, {0, 1}}}, {{0, 0}}};
  static const Geometry triangular{"triangular", 2, {{{1, 0}, {0.5, h}}}, {{0, 0}}};
  static const Geometry honeycomb{"honeycomb", 2, {{{1, 0}, {0.5, h}}}, {{0.5, h / 3}, {1, 2 * h / 3}}};
  static const Geometry kagome{"kagome", 2, {{{1, 0}, {0.5, h}}}, {{0.5, 0}, {0.25, h / 2}, {0.75, h / 2}}};
  switch (kind) {
    case LatticeKind::chain:
      return chain;
    case LatticeKind::square:
      return square;
    case LatticeKind::triangular:
      return triangular;
    case LatticeKind::honeycomb:
      return honeycomb;
    case LatticeKind::kagome:
      return kagome;
  }
  throw InputError("system.lattice.kind is not known");
}

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

struct Step {
  int dx, dy, from, to;  // cell vector and basis sites
  double distance2;
};

// All steps of the infinite lattice whose length is its shell-th distance. The multiples of a_1 give k distances up to k, so the
// k-th distance is at most k; a vector of length k + 1 (basis offsets differ by less than 1) has cell components below
// (2/sqrt 3)(k + 1) in every geometry, and 2k + 2 covers them.
std::vector<Step> shell_steps(const Geometry& lattice, int shell) {
  const int range = 2 * shell + 2;
  const int range_y = lattice.axes == 1 ? 0 : range;
  const int basis = static_cast<int>(lattice.basis.size());
  std::vector<Step> steps;
  for (int dx = -range; dx <= range; ++dx) {
    for (int dy = -range_y; dy <= range_y; ++dy) {
      for (int pair = 0; pair < basis * basis; ++pair) {
        const int from = pair / basis, to = pair % basis;
        double distance2 = 0;
        for (int axis = 0; axis < 2; ++axis) {
          const double component =
              dx * lattice.primitive[0][axis] + dy * lattice.primitive[1][axis] + lattice.basis[to][axis] - lattice.basis[from][axis];
          distance2 += component * component;
        }
        steps.push_back({dx, dy, from, to, distance2});
      }
    }
  }
  std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) { return a.distance2 < b.distance2; });
  // Squared distances are multiples of 1/12, so 1e-6 separates shells from rounding.
  std::vector<Step> found;
  int current = -1;
  double last = -1;
  for (const Step& step : steps) {
    if (step.distance2 > last + 1e-6) ++current;
    last = step.distance2;
    if (current == shell) found.push_back(step);
    if (current > shell) break;
  }
  return found;
}

struct Image {
  int coordinate;  // wrapped; -1 beyond an open edge
  int sign;
};

Image wrap(int coordinate, int length, Boundary boundary) {
  if (coordinate >= 0 && coordinate < length) return {coordinate, 1};
  if (boundary == Boundary::open) return {-1, 1};
  const int winding = coordinate >= 0 ? coordinate / length : -((length - 1 - coordinate) / length);
  return {coordinate - winding * length, boundary == Boundary::antiperiodic && winding % 2 != 0 ? -1 : 1};
}

// Pairs of one shell after wrapping, each with the set of its seam signs. A pair (s, s) is a self bond.
std::map<std::pair<int, int>, std::set<int>> wrapped_pairs(const Lattice& lattice, int shell) {
  QS_ASSERT(shell >= 1);
  const LatticeOptions& options = lattice.options();
  const bool two_axes = lattice.axes() == 2;
  const std::vector<Step> steps = shell_steps(geometry(options.kind), shell);
  std::map<std::pair<int, int>, std::set<int>> pairs;
  for (int site = 0; site < lattice.sites(); ++site) {
    const auto [x, y, b] = lattice.cell_of(site);
    for (const Step& step : steps) {
      if (step.from != b) continue;
      const Image image_x = wrap(x + step.dx, options.size[0], options.boundary[0]);
      const Image image_y = two_axes ? wrap(y + step.dy, options.size[1], options.boundary[1]) : Image{0, 1};
      if (image_x.coordinate < 0 || image_y.coordinate < 0) continue;
      const int other = lattice.site_at(image_x.coordinate, image_y.coordinate, step.to);
      pairs[std::minmax(site, other)].insert(image_x.sign * image_y.sign);
    }
  }
  for (const auto& [pair, signs] : pairs) {
    if (pair.first == pair.second) {
      throw InputError(
          fmt::format("system.lattice {} is too small for neighbour shell {} (a bond would join a site to itself): enlarge the lattice or drop "
                      "the coupling of that shell",
                      lattice.describe(), shell));
    }
  }
  return pairs;
}

}  // namespace

Lattice::Lattice(LatticeOptions options) : options_(std::move(options)) {
  const Geometry& shape = geometry(options_.kind);
  if (static_cast<int>(options_.size.size()) != shape.axes) {
    throw InputError(fmt::format("system.lattice.size has {} entries (a {} lattice has {}): give one number of cells per axis", options_.size.size(),
                                 shape.name, shape.axes));
  }
  if (options_.boundary.size() != options_.size.size()) {
    throw InputError(fmt::format("system.lattice.boundary has {} entries (a {} lattice has {}): give one boundary per axis", options_.boundary.size(),
                                 shape.name, shape.axes));
  }
  basis_ = static_cast<int>(shape.basis.size());
  std::int64_t sites = basis_;
  for (const int length : options_.size) {
    if (length < 1) throw InputError(fmt::format("system.lattice.size {} is not positive (cells per axis): use 1 or more", length));
    sites *= length;
    constexpr std::int64_t kMaxSites = 1 << 20;
    if (sites > kMaxSites) throw InputError(fmt::format("system.lattice.size gives more than {} sites: use a smaller lattice", kMaxSites));
  }
  sites_ = static_cast<int>(sites);
}

std::array<int, 3> Lattice::cell_of(int site) const {
  const int cell = site / basis_;
  const int length_y = axes() == 1 ? 1 : options_.size[1];
  return {cell / length_y, cell % length_y, site % basis_};
}

int Lattice::site_at(int x, int y, int b) const { return (x * (axes() == 1 ? 1 : options_.size[1]) + y) * basis_ + b; }

std::array<double, 2> Lattice::position(int site) const {
  const Geometry& shape = geometry(options_.kind);
  const auto [x, y, b] = cell_of(site);
  std::array<double, 2> result = shape.basis[b];
  for (int axis = 0; axis < 2; ++axis) result[axis] += x * shape.primitive[0][axis] + y * shape.primitive[1][axis];
  return result;
}

std::array<double, 2> Lattice::primitive(int axis) const { return geometry(options_.kind).primitive[axis]; }

std::array<double, 2> Lattice::reciprocal(int axis) const {
  constexpr double turn = 2 * std::numbers::pi;
  const Vector a = primitive(0);
  if (axes() == 1) return {turn / a[0], 0};
  const Vector b = primitive(1);
  const double area = a[0] * b[1] - a[1] * b[0];
  return axis == 0 ? Vector{turn * b[1] / area, -turn * b[0] / area} : Vector{-turn * a[1] / area, turn * a[0] / area};
}

std::vector<Momentum> Lattice::momenta() const {
  const int lx = options_.size[0], ly = axes() == 2 ? options_.size[1] : 1;
  const Vector first = reciprocal(0), second = axes() == 2 ? reciprocal(1) : Vector{};
  std::vector<Momentum> result;
  for (int kx = 0; kx < lx; ++kx) {
    for (int ky = 0; ky < ly; ++ky) {
      const double along_first = static_cast<double>(kx) / lx, along_second = static_cast<double>(ky) / ly;
      result.push_back({{kx, ky},
                        {along_first * first[0] + along_second * second[0], along_first * first[1] + along_second * second[1]},
                        axes() == 2 ? fmt::format("{},{}", kx, ky) : fmt::format("{}", kx)});
    }
  }
  return result;
}

std::vector<Bond> Lattice::bonds(int shell) const {
  std::vector<Bond> result;
  for (const auto& [pair, signs] : wrapped_pairs(*this, shell)) {
    if (signs.size() > 1) {
      throw InputError(
          fmt::format("system.lattice {}: sites {} and {} are joined in shell {} both inside and across an antiperiodic seam (the two hoppings "
                      "cancel): use a longer antiperiodic axis",
                      describe(), pair.first, pair.second, shell));
    }
    result.push_back({pair.first, pair.second, *signs.begin()});
  }
  return result;
}

std::vector<int> Lattice::two_colouring(int sites, const std::vector<Bond>& bonds) {
  std::vector<std::vector<int>> neighbours(sites);
  for (const Bond& bond : bonds) {
    neighbours[bond.i].push_back(bond.j);
    neighbours[bond.j].push_back(bond.i);
  }
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

std::vector<int> Lattice::graph_distance(const std::vector<int>& shells) const {
  std::vector<std::vector<int>> neighbours(sites_);
  for (const int shell : shells) {
    for (const auto& [pair, signs] : wrapped_pairs(*this, shell)) {
      neighbours[pair.first].push_back(pair.second);
      neighbours[pair.second].push_back(pair.first);
    }
  }
  std::vector<int> distance(static_cast<std::size_t>(sites_) * sites_, -1);
  for (int start = 0; start < sites_; ++start) {
    int* row = distance.data() + static_cast<std::size_t>(start) * sites_;
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

std::vector<std::string> Lattice::warnings(int shells) const {
  std::vector<std::string> result;
  std::vector<std::map<std::pair<int, int>, std::set<int>>> pairs;
  for (int shell = 1; shell <= shells; ++shell) pairs.push_back(wrapped_pairs(*this, shell));
  for (int first = 1; first <= shells; ++first) {
    for (int second = first + 1; second <= shells; ++second) {
      int shared = 0;
      for (const auto& [pair, signs] : pairs[second - 1]) shared += pairs[first - 1].contains(pair);
      if (shared == 0) continue;
      result.push_back(fmt::format(
          "system.lattice {}: {} pairs of sites are neighbours of shell {} and of shell {} (the lattice is small): their couplings add up",
          describe(), shared, first, second));
    }
  }
  return result;
}

std::string Lattice::describe() const {
  std::string text = fmt::format("{} {}", geometry(options_.kind).name, options_.size[0]);
  if (axes() == 2) text += fmt::format("x{}", options_.size[1]);
  text += fmt::format(", {}", name_of(options_.boundary[0]));
  if (axes() == 2 && options_.boundary[1] != options_.boundary[0]) text += fmt::format(" x {}", name_of(options_.boundary[1]));
  return text;
}

}  // namespace qs

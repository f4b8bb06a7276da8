#include "engine/wavefunctions/pair_features.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <utility>

#include "engine/base/error.h"
#include "hamiltonians/site_graph.h"

namespace qs {
namespace {

constexpr std::array decays = {0.25, 0.5, 0.7};
// Powers below e^-28 = 7e-13 are left out of the sums over images: beyond r = 79 all of them.
constexpr double least_power = -28.0;
constexpr double reach = 79.0;
// Distances and functions that differ by less are the same.
constexpr double resolution = 1e-9;

double length(const Vector3& v) { return std::sqrt(dot(v, v)); }

Vector3 moved(const Vector3& from, double factor, const Vector3& by) {
  return {from[0] + factor * by[0], from[1] + factor * by[1], from[2] + factor * by[2]};
}

// Lengths of d + sum_a n_a T_a that are at most `most`, or with |n_a| <= 2 if longer.
std::vector<double> image_distances(const Vector3& d, const std::vector<Vector3>& periods, double most) {
  std::vector<Vector3> images = {d};
  for (const Vector3& period : periods) {
    const int turns = std::max(2, static_cast<int>(std::ceil(most / length(period))) + 1);
    std::vector<Vector3> more;
    for (const Vector3& image : images)
      for (int n = -turns; n <= turns; ++n) more.push_back(moved(image, n, period));
    images = std::move(more);
  }
  std::vector<double> lengths;
  for (const Vector3& image : images) lengths.push_back(length(image));
  return lengths;
}

// What a displacement is on the torus, before it is known which distances are shells.
struct Displacement {
  double distance = 0;                             // of the nearest image
  std::array<double, decays.size()> decayed = {};  // sum over images of q^r
  double chord = 0;
};

// Of orthogonal periods, as chains, rectangles and the tilted clusters of the square lattice have, D tends to r on large lattices.
double chord(const Vector3& d, const std::vector<Vector3>& periods) {
  double squares = 0;
  for (const Vector3& period : periods) {
    const double size = length(period), turns = dot(d, period) / (size * size);
    const double part = size / std::numbers::pi * std::sin(std::numbers::pi * turns);
    squares += part * part;
  }
  return std::sqrt(squares);
}

Displacement measured(const Vector3& d, const std::vector<Vector3>& periods) {
  const std::vector<double> distances = image_distances(d, periods, reach);
  Displacement out{.distance = *std::min_element(distances.begin(), distances.end()), .decayed = {}, .chord = chord(d, periods)};
  for (std::size_t k = 0; k < decays.size(); ++k)
    for (const double r : distances)
      if (r < least_power / std::log(decays[k])) out.decayed[k] += std::pow(decays[k], r);
  return out;
}

std::vector<double> rounded(std::vector<double> values) {
  for (double& value : values) value = std::round(value / resolution) * resolution + 0.0;  // + 0: no negative zero
  return values;
}

class Table {
 public:
  explicit Table(const NetworkInput& input) : sites_(input.sites), periods_(input.periods) {
    double unit = std::numeric_limits<double>::infinity();
    for (int j = 1; j < sites_; ++j)
      for (const double r : image_distances(moved(input.positions[j], -1, input.positions[0]), periods_, 0))
        if (r > resolution) unit = std::min(unit, r);
    for (Vector3& period : periods_) period = moved({}, 1 / unit, period);
    for (int i = 0; i < sites_; ++i)
      for (int j = 0; j < sites_; ++j) add(moved({}, 1 / unit, moved(input.positions[j], -1, input.positions[i])));
    for (const Displacement& d : displacements_) shells_.push_back(d.distance);
    shells_ = rounded(shells_);
    std::sort(shells_.begin(), shells_.end());
    shells_.erase(std::unique(shells_.begin(), shells_.end()), shells_.end());
    shells_.resize(std::min<std::size_t>(shells_.size(), periods_.size() == 1 ? 3 : 4));
  }

  PairFeatures features() const {
    PairFeatures out;
    out.sublattice = colours();
    std::map<std::pair<int, int>, int> classes;  // displacement and sign -> class
    std::vector<std::pair<int, int>> members;
    for (int i = 0; i < sites_; ++i) {
      for (int j = 0; j < sites_; ++j) {
        const int sign = out.sublattice.empty() || out.sublattice[i] == out.sublattice[j] ? 1 : -1;
        const std::pair<int, int> key{number(i, j), sign};
        const auto [found, fresh] = classes.emplace(key, static_cast<int>(members.size()));
        if (fresh) members.push_back(key);
        out.index.push_back(found->second);
      }
    }
    out.classes = static_cast<int>(members.size());
    const bool signs = !out.sublattice.empty();
    out.kernels = tabulated(members, [&](const Displacement& d, int sign) { return kernels(d, sign, signs); });
    out.correlations = tabulated(members, [&](const Displacement& d, int sign) { return correlations(d, sign, signs); });
    return out;
  }

 private:
  int number(int i, int j) const { return numbers_[static_cast<std::size_t>(i) * sites_ + j]; }

  // Displacements in the order in which they come; equal ones have one number.
  void add(const Vector3& d) {
    const auto [known, fresh] = by_vector_.emplace(rounded({d[0], d[1], d[2]}), 0);
    if (fresh) {
      const Displacement found = measured(d, periods_);
      std::vector<double> key = {found.distance, found.chord};
      key.insert(key.end(), found.decayed.begin(), found.decayed.end());
      const auto [same, unseen] = by_value_.emplace(rounded(std::move(key)), static_cast<int>(displacements_.size()));
      if (unseen) displacements_.push_back(found);
      known->second = same->second;
    }
    numbers_.push_back(known->second);
  }

  std::vector<int> colours() const {
    std::vector<std::pair<int, int>> neighbours;
    for (int i = 0; i < sites_; ++i)
      for (int j = i + 1; j < sites_; ++j)
        if (std::abs(displacements_[number(i, j)].distance - 1) < resolution) neighbours.emplace_back(i, j);
    return two_colours(sites_, neighbours);
  }

  std::vector<double> on_shells(const Displacement& d, std::size_t first) const {
    std::vector<double> out;
    for (std::size_t k = first; k < shells_.size(); ++k) out.push_back(std::abs(d.distance - shells_[k]) < resolution ? 1 : 0);
    return out;
  }

  std::vector<double> kernels(const Displacement& d, int sign, bool signs) const {
    std::vector<double> out = on_shells(d, 0);
    out.insert(out.end(), d.decayed.begin(), d.decayed.end());
    if (signs)
      for (const double value : d.decayed) out.push_back(sign * value);
    return out;
  }

  std::vector<double> correlations(const Displacement& d, int sign, bool signs) const {
    const double inverse = d.distance < resolution ? 0 : 1 / d.chord;
    std::vector<double> out = {inverse == 0 ? 0 : std::log(d.chord), inverse, inverse * inverse};
    if (signs) out.insert(out.end(), {sign * inverse, sign * inverse * inverse});
    const std::vector<double> shells = on_shells(d, 1);
    out.insert(out.end(), shells.begin(), shells.end());
    for (double& value : out) value /= 2;  // (i, j) and (j, i) are both in the sum
    return out;
  }

  // [functions][classes]
  template <class F>
  Basis tabulated(const std::vector<std::pair<int, int>>& members, F&& functions) const {
    std::vector<std::vector<double>> rows;
    for (const auto& [d, sign] : members) rows.push_back(functions(displacements_[d], sign));
    Basis basis{static_cast<int>(rows.front().size()), {}};
    for (int m = 0; m < basis.functions; ++m)
      for (const std::vector<double>& row : rows) basis.values.push_back(row[m]);
    return basis;
  }

  int sites_;
  std::vector<Vector3> periods_;
  std::map<std::vector<double>, int> by_vector_, by_value_;
  std::vector<int> numbers_;  // [sites][sites]
  std::vector<Displacement> displacements_;
  std::vector<double> shells_;  // distances, the first of them 0
};

}  // namespace

PairFeatures pair_features(const NetworkInput& input, const std::string& what) {
  if (input.positions.empty())
    throw InputError(what +
                     " knows sites by their distances, but this lattice is a graph without positions; give it positions, or take jastrow or rbm");
  if (input.sites < 2) throw InputError(what + " looks at pairs of sites, but there is one; use wavefunction.kind rbm");
  const bool closed = !input.translations.empty() &&
                      std::none_of(input.translations.begin(), input.translations.end(), [](const auto& step) { return step.empty(); });
  if (!closed || input.periods.size() != input.translations.size())
    throw InputError(
        what + " knows sites by their distances alone and cannot tell an end from the middle; close the lattice, or take qstage, jastrow or rbm");
  return Table(input).features();
}

}  // namespace qs

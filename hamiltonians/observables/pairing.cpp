// P(r) = (1/2) <D+_i D_{i+r} + h.c.>, averaged over translations; c beyond a seam carries its phase (translated_pairs.h), and the pair of the label
// is the one inside. s wave: D_i = c_i,down c_i,up; d wave on the square lattice: D_i = sum_d f(d) (c_i,up c_{i+d},down - c_i,down c_{i+d},up) /
// sqrt(2), f = 1 for d = +-x, -1 for d = +-y.
#include <cmath>
#include <numbers>
#include <optional>

#include "engine/base/error.h"
#include "hamiltonians/observables/local_operators.h"
#include "hamiltonians/observables/operator_algebra.h"
#include "hamiltonians/observables/translated_pairs.h"

namespace qs {

using enum SectorKind;

namespace {

// annihilator(image) is D of the pair that sits there.
template <class Annihilator>
std::vector<NamedOperator> pair_correlations(const ObservableInput& input, const char* name, Annihilator annihilator) {
  std::vector<NamedOperator> result;
  for (const TranslatedPairs& same : translated_pairs(input.lattice)) {
    Operator op = empty_observable(name, "-", input.sector);
    const double weight = 0.5 / static_cast<double>(same.pairs.size());
    for (const auto& [i, j] : same.pairs) {
      const Operator hop = product(adjoint(annihilator(i)), annihilator(j));
      add_scaled(op, weight, hop);
      add_scaled(op, weight, adjoint(hop));
    }
    result.push_back({same.label, std::move(op)});
  }
  return result;
}

std::vector<NamedOperator> build_pair_s(const ObservableInput& input) {
  const int sites = input.sector.sites();
  return pair_correlations(input, "pair_s", [&](const Image& image) {
    Operator op = empty_observable("pair_s", "-", input.sector);
    const std::complex<double> phase = seam_phase(input, image.winding);
    op.add(phase * phase, "1", {{Factor::annihilate, image.site}, {Factor::annihilate, sites + image.site}});
    return op;
  });
}

void require_square(const Lattice& lattice) {
  const auto is_square = [&] {
    if (!lattice.has_cells() || lattice.axes() != 2 || lattice.basis() != 1) return false;
    const Vector3 a = lattice.primitive(0), b = lattice.primitive(1);
    const double length2 = dot(a, a);
    return std::abs(dot(b, b) - length2) < 1e-6 * length2 && std::abs(dot(a, b)) < 1e-6 * length2;
  };
  if (!is_square()) throw InputError("observable pair_d needs the square lattice (one site per cell, two equal axes at right angles): remove it");
}

void add_pair(Operator& op, double coefficient, const ObservableInput& input, const Image& i, const Image& j) {
  const int up = input.sector.sites();
  const std::complex<double> value = coefficient * seam_phase(input, i.winding) * seam_phase(input, j.winding);
  op.add(value, "1", {{Factor::annihilate, up + i.site}, {Factor::annihilate, j.site}});
  op.add(-value, "1", {{Factor::annihilate, i.site}, {Factor::annihilate, up + j.site}});
}

Operator d_wave(const ObservableInput& input, const Image& image) {
  const Lattice& lattice = input.lattice;
  Operator op = empty_observable("pair_d", "-", input.sector);
  for (int axis = 0; axis < 2; ++axis) {
    for (const int direction : {-1, 1}) {
      CellVector step{};
      step[axis] = direction;
      std::optional<Image> neighbour = lattice.image(image.site, step, 0);
      if (!neighbour) continue;  // beyond an open end
      for (int a = 0; a < 2; ++a) neighbour->winding[a] += image.winding[a];
      add_pair(op, (axis == 0 ? 1 : -1) / std::numbers::sqrt2, input, image, *neighbour);
    }
  }
  return op;
}

std::vector<NamedOperator> build_pair_d(const ObservableInput& input) {
  empty_observable("pair_d", "-", input.sector);  // refuses the sector before the lattice
  require_square(input.lattice);
  return pair_correlations(input, "pair_d", [&](const Image& image) { return d_wave(input, image); });
}

}  // namespace

ObservableEntry pair_s_entry() {
  return {.name = "pair_s",
          .doc = "(1/2) <D+_i D_j + h.c.> of all pairs of sites, averaged over translations, D_i = c_i,down c_i,up",
          .sectors = {spinful_fermions},
          .build = build_pair_s};
}

ObservableEntry pair_d_entry() {
  return {.name = "pair_d",
          .doc =
              "(1/2) <D+_i D_j + h.c.> of all pairs of sites of the square lattice, averaged over translations, D_i = sum_d f(d) (c_i,up "
              "c_i+d,down - c_i,down c_i+d,up) / sqrt 2, f = 1 for d = +-x and -1 for +-y",
          .sectors = {spinful_fermions},
          .build = build_pair_d};
}

}  // namespace qs

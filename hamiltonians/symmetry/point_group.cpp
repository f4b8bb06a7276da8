#include "hamiltonians/symmetry/point_group.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace qs {
namespace {

constexpr double turn = 2 * std::numbers::pi;

// An angle in [0, period), the upper end counted as 0.
double wrapped(double angle, double period) {
  const double rest = angle - period * std::floor(angle / period);
  return period - rest < 1e-3 ? 0 : rest;
}

struct Operation {
  bool mirror;
  int steps;     // rotations: by steps / n of a turn
  double angle;  // mirrors: of the line, from the reference
};

std::vector<Operation> operations_of(const std::vector<PlaneMap>& maps, int n, double reference) {
  std::vector<Operation> all;
  for (const PlaneMap& m : maps) {
    const double image = std::atan2(m.xy, m.xx);  // where (1, 0) goes
    if (m.xx * m.yy - m.xy * m.yx > 0) {
      all.push_back({false, static_cast<int>(std::lround(wrapped(image, turn) / turn * n)), 0});
    } else {
      all.push_back({true, 0, wrapped(image / 2 - reference, turn / 2)});
    }
  }
  return all;
}

Irrep rotations_only(const std::vector<Operation>& operations, int n, int m, std::string name) {
  Irrep irrep{std::move(name), 1, {}};
  for (const Operation& g : operations) {
    const double phase = -turn * ((g.steps * m % n + n) % n) / n;
    // Exact where it is real.
    const bool half = 2 * (((g.steps * m) % n + n) % n) % n == 0;
    irrep.character.push_back(half ? std::complex<double>(std::cos(phase) > 0 ? 1 : -1) : std::polar(1.0, phase));
  }
  return irrep;
}

std::vector<Irrep> cyclic_irreps(const std::vector<Operation>& operations, int n) {
  std::vector<Irrep> irreps = {rotations_only(operations, n, 0, "A")};
  if (n % 2 == 0) irreps.push_back(rotations_only(operations, n, n / 2, "B"));
  const int pairs = (n - 1) / 2;
  for (int m = 1; m <= pairs; ++m) {
    const std::string name = pairs > 1 ? fmt::format("E{}", m) : "E";
    irreps.push_back(rotations_only(operations, n, m, name + "+"));
    irreps.push_back(rotations_only(operations, n, -m, name + "-"));
  }
  return irreps;
}

// `mirror`: +1 or -1 under sigma_v and under the others; step: the sign of a rotation by one step.
Irrep one_dimensional(const std::vector<Operation>& operations, double first_line, int n, std::string name, double step, double vertical,
                      double others) {
  Irrep irrep{std::move(name), 1, {}};
  for (const Operation& g : operations) {
    const bool is_vertical = wrapped(g.angle - first_line, turn / n) < 1e-3;
    irrep.character.emplace_back(g.mirror ? (is_vertical ? vertical : others) : (g.steps % 2 == 0 ? 1 : step));
  }
  return irrep;
}

std::vector<Irrep> dihedral_irreps(const std::vector<Operation>& operations, int n) {
  double first = turn;
  for (const Operation& g : operations)
    if (g.mirror) first = std::min(first, g.angle);
  const auto single = [&](const char* name, double step, double vertical, double others) {
    return one_dimensional(operations, first, n, name, step, vertical, others);
  };
  if (n == 1) return {single("A'", 1, 1, 1), single("A''", 1, -1, -1)};
  std::vector<Irrep> irreps = {single("A1", 1, 1, 1), single("A2", 1, -1, -1)};
  if (n % 2 == 0) {
    irreps.push_back(single("B1", -1, 1, -1));
    irreps.push_back(single("B2", -1, -1, 1));
  }
  const int pairs = (n - 1) / 2;
  for (int m = 1; m <= pairs; ++m) {
    Irrep irrep{pairs > 1 ? fmt::format("E{}", m) : "E", 2, {}};
    // 2 cos(2 pi m j / n) is an integer for n = 3, 4, 6.
    for (const Operation& g : operations) irrep.character.emplace_back(g.mirror ? 0.0 : std::round(2 * std::cos(turn * m * g.steps / n)));
    irreps.push_back(std::move(irrep));
  }
  return irreps;
}

}  // namespace

std::optional<PointGroup> plane_group(const std::vector<PlaneMap>& maps, double reference) {
  const auto rotations = std::count_if(maps.begin(), maps.end(), [](const PlaneMap& m) { return m.xx * m.yy - m.xy * m.yx > 0; });
  const int n = static_cast<int>(rotations);
  const auto mirrors = static_cast<int>(maps.size()) - n;
  if ((n != 1 && n != 2 && n != 3 && n != 4 && n != 6) || (mirrors != 0 && mirrors != n)) return std::nullopt;
  const std::vector<Operation> operations = operations_of(maps, n, reference);
  if (mirrors == 0) return PointGroup{fmt::format("C{}", n), cyclic_irreps(operations, n)};
  return PointGroup{n == 1 ? "Cs" : fmt::format("C{}v", n), dihedral_irreps(operations, n)};
}

}  // namespace qs

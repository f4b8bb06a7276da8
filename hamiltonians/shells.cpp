#include "hamiltonians/shells.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/base/error.h"

namespace qs {

namespace {

struct MeasuredStep {
  CellStep step;
  double distance2;
};

// Every step not longer than `radius`. The cell vector n of a step r is n_i = b_i.(r - offsets) / 2 pi, where b_i are the reciprocal vectors
// (|b_i / 2 pi|^2 is the diagonal of the inverse Gram matrix), so |n_i| <= |b_i| / 2 pi (radius + longest offset): no step is missed.
std::vector<MeasuredStep> steps_within(const UnitCell& cell, double radius) {
  double offset = 0;
  for (const Vector3& from : cell.basis) {
    for (const Vector3& to : cell.basis) offset = std::max(offset, std::hypot(to[0] - from[0], to[1] - from[1], to[2] - from[2]));
  }
  CellVector range{};
  const std::vector<Vector3> reciprocal = reciprocal_vectors(cell);
  for (int axis = 0; axis < cell.axes(); ++axis) {
    const double density = std::sqrt(dot(reciprocal[axis], reciprocal[axis])) / (2 * std::numbers::pi);
    range[axis] = static_cast<int>(density * (radius + offset) * (1 + 1e-9)) + 1;
  }
  std::vector<MeasuredStep> steps;
  for (int dx = -range[0]; dx <= range[0]; ++dx) {
    for (int dy = -range[1]; dy <= range[1]; ++dy) {
      for (int dz = -range[2]; dz <= range[2]; ++dz) {
        for (int pair = 0; pair < cell.sites() * cell.sites(); ++pair) {
          const CellStep step{{dx, dy, dz}, pair / cell.sites(), pair % cell.sites()};
          const Vector3 to = cell_position(cell, step.step, step.to), from = cell.basis[step.from];
          const Vector3 r{to[0] - from[0], to[1] - from[1], to[2] - from[2]};
          const double distance2 = dot(r, r);
          if (distance2 <= radius * radius) steps.push_back({step, distance2});
        }
      }
    }
  }
  return steps;
}

}  // namespace

std::vector<CellStep> shell_steps(const UnitCell& cell, int shell) {
  QS_ASSERT(shell >= 0);
  // The multiples of the shortest primitive vector give `shell` distances, so the shell-th one is not longer than `shell` times that vector.
  const double shortest = shortest_primitive(cell), longest = shell * shortest;
  const double tolerance = 1e-4 * shortest * shortest;
  std::vector<MeasuredStep> steps = steps_within(cell, std::sqrt(longest * longest + tolerance));
  std::stable_sort(steps.begin(), steps.end(), [](const MeasuredStep& a, const MeasuredStep& b) { return a.distance2 < b.distance2; });
  std::vector<CellStep> found;
  int current = 0;
  double last = 0;
  for (const MeasuredStep& step : steps) {
    if (step.distance2 > last + tolerance) ++current;
    last = step.distance2;
    if (current == shell) found.push_back(step.step);
    if (current > shell) break;
  }
  return found;
}

}  // namespace qs

#include "engine/ed/lanczos.h"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/ed/level_search.h"
#include "kernels/api/error.h"

namespace qs {
namespace {

using Vector = std::vector<double>;

constexpr std::int64_t dense_dimension = 200;
constexpr std::int64_t most_vectors = 24;  // Krylov vectors for the ground state; fewer restart too often, more cost too much orthogonalisation

// All states asked for in two copies, or all of them beside the next one in two copies.
std::int64_t kept_states(int states) { return std::max(2 * std::int64_t{states}, std::int64_t{states} + 2); }

// Krylov vectors: 2k + 22 where memory allows, down to 2k + 4.
std::int64_t krylov_vectors(std::int64_t dimension, const EdOptions& options) {
  const std::int64_t least = 2 * std::int64_t{options.states} + 4;
  std::int64_t vectors = 2 * std::int64_t{options.states} - 2 + most_vectors;
  while (vectors > least && lanczos_bytes(dimension, vectors, kept_states(options.states)) > options.memory_limit) --vectors;
  return vectors;
}

bool is_dense(std::int64_t dimension, const EdOptions& options) {
  return dimension <= dense_dimension || 2 * std::int64_t{options.states} + 4 >= dimension;
}

double dot(const Vector& a, const Vector& b) {
  return Eigen::Map<const Eigen::VectorXd>(a.data(), a.size()).dot(Eigen::Map<const Eigen::VectorXd>(b.data(), b.size()));
}

// Orthogonal to the states before it as well as rounding allows, of norm 1, the largest amplitude positive.
void orthonormalise(std::vector<Vector>& states, std::size_t k) {
  Vector& x = states[k];
  for (std::size_t j = 0; j < k; ++j) {
    const double product = dot(states[j], x);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] -= product * states[j][i];
  }
  const auto largest = std::max_element(x.begin(), x.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  const double scale = (*largest < 0 ? -1.0 : 1.0) / std::sqrt(dot(x, x));
  for (double& value : x) value *= scale;
}

void check(const Sector& sector, const EdOptions& options) {
  if (!sector.enumerable()) {
    throw InputError("exact diagonalisation needs every state of the sector (" + sector.describe() + "), but " + sector.why_not_enumerable() +
                     "; choose a smaller lattice");
  }
  const std::int64_t dimension = sector.dimension();
  if (options.states < 1 || options.states > dimension) {
    throw InputError("states = " + std::to_string(options.states) + " does not fit a sector of " + std::to_string(dimension) +
                     " states; choose 1 to " + std::to_string(dimension));
  }
  const std::int64_t bytes = ed_memory(dimension, options);
  if (bytes > options.memory_limit) {
    throw MemoryError("exact diagonalisation of dimension " + std::to_string(dimension) + " needs " + std::to_string(bytes) +
                      " bytes per rank, the limit is " + std::to_string(options.memory_limit) +
                      " bytes; raise limits.memory or choose a smaller sector");
  }
}

}  // namespace

std::int64_t ed_memory(std::int64_t dimension, const EdOptions& options) {
  if (is_dense(dimension, options)) return lanczos_bytes(dimension, 0, 3 * dimension + options.states);
  return lanczos_bytes(dimension, krylov_vectors(dimension, options), kept_states(options.states));
}

EdResult diagonalise(const ProblemFamily& family, int problem, const EdOptions& options, Communicator& comm,
                     const std::function<void(std::int64_t)>& progress) {
  const Problem& chosen = family.problems[problem];
  check(chosen.sector, options);
  const SectorOperator op(family.hamiltonian, chosen.sector, chosen.couplings, comm);
  Levels levels = is_dense(op.dimension(), options) ? dense_levels(op, options.states)
                                                    : lanczos_levels(op, options, krylov_vectors(op.dimension(), options), progress);
  EdResult result;
  result.dimension = op.dimension();
  result.states = std::move(levels.states);
  Vector image(op.dimension());
  for (std::size_t k = 0; k < result.states.size(); ++k) {
    orthonormalise(result.states, k);
    const Vector& state = result.states[k];
    op.apply(state.data(), image.data());
    const double energy = result.energies.emplace_back(dot(state, image));  // Rayleigh quotient: its error is quadratic in the residual
    for (std::int64_t i = 0; i < op.dimension(); ++i) image[i] -= energy * state[i];
    result.residuals.push_back(std::sqrt(dot(image, image)));
    if (!(result.residuals.back() <= 100 * levels.residual + 1000 * levels.error))
      throw NumericalError("exact diagonalisation: |H x - E x| of state " + std::to_string(k) + " is " + std::to_string(result.residuals.back()) +
                           " although Lanczos converged (dimension " + std::to_string(op.dimension()) + "); allow a larger tolerance");
  }
  const double top = top_of_level(result.energies.front(), levels.error);
  const auto above = std::find_if(result.energies.begin(), result.energies.end(), [&](double energy) { return energy > top; });
  result.degeneracy = static_cast<int>(above - result.energies.begin());
  if (above != result.energies.end()) levels.next = *above;
  if (levels.next) result.gap = *levels.next - result.energies.front();
  result.applications = op.applications();
  return result;
}

}  // namespace qs

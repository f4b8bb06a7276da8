#include "engine/ed/lanczos.h"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/base/error.h"
#include "engine/ed/irrep_operator.h"
#include "engine/ed/level_search.h"
#include "engine/ed/sector_operator.h"
#include "hamiltonians/symmetry/symmetry_sector.h"
#include "hamiltonians/term_compile.h"

namespace qs {
namespace {

template <class Scalar>
using Vector = std::vector<Scalar>;

constexpr std::int64_t dense_dimension = 200;
constexpr std::int64_t most_vectors = 24;  // Krylov vectors for the ground state; fewer restart too often, more cost too much orthogonalisation

// All states asked for in two copies, or all of them beside the next one in two copies.
std::int64_t kept_states(int states) { return std::max(2 * std::int64_t{states}, std::int64_t{states} + 2); }

// Krylov vectors: 2k + 22 where memory allows, down to 2k + 4.
std::int64_t krylov_vectors(std::int64_t dimension, const EdOptions& options, std::int64_t amplitude) {
  const std::int64_t least = 2 * std::int64_t{options.states} + 4;
  std::int64_t vectors = 2 * std::int64_t{options.states} - 2 + most_vectors;
  while (vectors > least && lanczos_bytes(dimension, vectors, kept_states(options.states), amplitude) > options.memory_limit) --vectors;
  return vectors;
}

bool is_dense(std::int64_t dimension, const EdOptions& options) {
  return dimension <= dense_dimension || 2 * std::int64_t{options.states} + 4 >= dimension;
}

double sign_of(double x) { return x < 0 ? -1.0 : 1.0; }
std::complex<double> sign_of(std::complex<double> x) { return std::conj(x) / std::abs(x); }

// Orthogonal to the states before it as well as rounding allows, of norm 1, the largest amplitude positive.
template <class Scalar>
void orthonormalise(std::vector<Vector<Scalar>>& states, std::size_t k) {
  Vector<Scalar>& x = states[k];
  for (std::size_t j = 0; j < k; ++j) {
    const Scalar product = dot(states[j], x);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] -= product * states[j][i];
  }
  const auto largest = std::max_element(x.begin(), x.end(), [](Scalar a, Scalar b) { return std::abs(a) < std::abs(b); });
  const Scalar scale = sign_of(*largest) / std::sqrt(std::real(dot(x, x)));
  for (Scalar& value : x) value *= scale;
}

void check(const ProblemFamily& family, const Sector& sector, const EdOptions& options) {
  const SymmetrySector* irrep = family.symmetry.one_row.get();
  if (!sector.enumerable()) {
    throw InputError("exact diagonalisation needs every state of the sector (" + sector.describe() + "), but " + sector.why_not_enumerable() +
                     "; choose a smaller lattice");
  }
  const std::int64_t dimension = block_dimension(family, sector), amplitude = amplitude_bytes(family);
  if (dimension == 0) throw InputError("no state of the sector (" + sector.describe() + ") has " + irrep->describe() + "; choose another irrep");
  if (options.states < 1 || options.states > dimension) {
    throw InputError("states = " + std::to_string(options.states) + " does not fit a sector of " + std::to_string(dimension) +
                     " states; choose 1 to " + std::to_string(dimension));
  }
  // Unfolded states stand beside the search.
  const std::int64_t unfolded = irrep ? options.states * amplitude * sector.dimension() : 0;
  const std::int64_t bytes = ed_memory(dimension, options, amplitude) + unfolded;
  if (bytes > options.memory_limit) {
    throw MemoryError("exact diagonalisation of dimension " + std::to_string(dimension) + " needs " + std::to_string(bytes) +
                      " bytes per rank, the limit is " + std::to_string(options.memory_limit) +
                      " bytes; raise limits.memory or choose a smaller sector");
  }
}

template <class Scalar>
Levels<Scalar> find_levels(const HermitianOperator<Scalar>& op, const EdOptions& options, const std::function<void(std::int64_t)>& progress) {
  if (is_dense(op.dimension(), options)) return dense_levels(op, options.states);
  return lanczos_levels(op, options, krylov_vectors(op.dimension(), options, sizeof(Scalar)), progress);
}

// Energies, residuals, degeneracy and gap of the states that `op` has as its lowest, which go to `states`.
template <class Scalar>
EdResult measured(const HermitianOperator<Scalar>& op, const EdOptions& options, const std::function<void(std::int64_t)>& progress,
                  std::vector<Vector<Scalar>> EdResult::*kept) {
  Levels<Scalar> levels = find_levels(op, options, progress);
  EdResult result;
  result.dimension = result.block = op.dimension();
  std::vector<Vector<Scalar>>& states = result.*kept = std::move(levels.states);
  Vector<Scalar> image(op.dimension());
  for (std::size_t k = 0; k < states.size(); ++k) {
    orthonormalise(states, k);
    const Vector<Scalar>& state = states[k];
    op.apply(state.data(), image.data());
    const double energy = result.energies.emplace_back(std::real(dot(state, image)));  // Rayleigh quotient: its error is quadratic in the residual
    for (std::int64_t i = 0; i < op.dimension(); ++i) image[i] -= energy * state[i];
    result.residuals.push_back(std::sqrt(std::real(dot(image, image))));
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

template <class Scalar>
void unfold(const IrrepBasis& basis, const Sector& sector, std::vector<Vector<Scalar>>& states) {
  for (std::size_t k = 0; k < states.size(); ++k) {
    states[k] = basis.unfolded(sector, states[k]);
    orthonormalise(states, k);
  }
}

// In the basis of the irrep, then unfolded: orbits are disjoint, so energies, residuals and products stay as they are.
EdResult measured_in_irrep(const ProblemFamily& family, const Problem& problem, const EdOptions& options, Communicator& comm,
                           const std::function<void(std::int64_t)>& progress) {
  const IrrepBasis basis(problem.sector, *family.symmetry.one_row);
  EdResult result;
  if (basis.has_real_form() || (is_real(family.hamiltonian) && family.symmetry.one_row->real())) {
    result = measured(IrrepOperator<double>(family.table, basis, problem.couplings, comm), options, progress, &EdResult::states);
  } else {
    result =
        measured(IrrepOperator<std::complex<double>>(family.table, basis, problem.couplings, comm), options, progress, &EdResult::complex_states);
  }
  if (basis.has_real_form()) {
    for (const Vector<double>& state : result.states) result.complex_states.push_back(basis.from_real_form(state));
    result.states.clear();
  }
  result.dimension = problem.sector.dimension();
  unfold(basis, problem.sector, result.states);
  unfold(basis, problem.sector, result.complex_states);
  return result;
}

bool has_complex_states(const ProblemFamily& family) {
  return !is_real(family.hamiltonian) || (family.symmetry.one_row && !family.symmetry.one_row->real());
}

}  // namespace

std::vector<std::complex<double>> EdResult::amplitudes(int k) const {
  if (!complex_states.empty()) return complex_states.at(k);
  return {states.at(k).begin(), states.at(k).end()};
}

std::int64_t block_dimension(const ProblemFamily& family, const Sector& sector) {
  return family.symmetry.one_row ? family.symmetry.one_row->states(sector) : sector.dimension();
}

std::int64_t amplitude_bytes(const ProblemFamily& family) { return has_complex_states(family) ? sizeof(std::complex<double>) : sizeof(double); }

std::int64_t ed_memory(std::int64_t dimension, const EdOptions& options, std::int64_t amplitude_bytes) {
  if (is_dense(dimension, options)) return lanczos_bytes(dimension, 0, 3 * dimension + options.states, amplitude_bytes);
  return lanczos_bytes(dimension, krylov_vectors(dimension, options, amplitude_bytes), kept_states(options.states), amplitude_bytes);
}

EdResult diagonalise(const ProblemFamily& family, int problem, const EdOptions& options, Communicator& comm,
                     const std::function<void(std::int64_t)>& progress) {
  const Problem& chosen = family.problems[problem];
  check(family, chosen.sector, options);
  if (family.symmetry.one_row) return measured_in_irrep(family, chosen, options, comm, progress);
  if (is_real(family.hamiltonian)) {
    const SectorOperator op(family.hamiltonian, chosen.sector, chosen.couplings, comm);
    return measured(op, options, progress, &EdResult::states);
  }
  const ComplexSectorOperator op(family.hamiltonian, chosen.sector, chosen.couplings, comm);
  return measured(op, options, progress, &EdResult::complex_states);
}

}  // namespace qs

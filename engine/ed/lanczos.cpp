#include "engine/ed/lanczos.h"

#include <Spectra/SymEigsSolver.h>
#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "kernels/api/error.h"
#include "kernels/api/random.h"

namespace qs {
namespace {

using Vector = std::vector<double>;

constexpr std::int64_t dense_dimension = 200;
constexpr std::int64_t most_vectors = 24;  // Krylov vectors for the ground state; fewer restart too often, more cost too much orthogonalisation
constexpr std::uint32_t start_vector_stage = 0xED;
constexpr double same_level = 1e-9;      // relative; closer energies belong to one level
constexpr double scan_tolerance = 1e-6;  // of a state that is only looked at: energies are accurate to its square
constexpr double surely_another = 1e-5;  // above this, relative to the energy scale, a state that is only looked at is in another level

// Of the split basis and the small matrices, at most.
std::int64_t table_bytes(std::int64_t dimension) { return std::min(std::int64_t{64} << 20, (std::int64_t{16} << 20) + 512 * dimension); }

// Spectra keeps the Krylov vectors and half as many again while it restarts; then diagonal, residuals, start vector, gathered rows, and `kept`
// states.
std::int64_t lanczos_bytes(std::int64_t dimension, std::int64_t vectors, std::int64_t kept) {
  return table_bytes(dimension) + 8 * dimension * (vectors * 3 / 2 + kept + 6);
}

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

// What Spectra sees: (H - shift)/unit, plus `lift` on known states, which moves them above all wanted ones. The unit makes eigenvalues of the order
// of one: where the Krylov space ends, Spectra tells the rounding that is left from a direction by its absolute size.
class LiftedOperator {
 public:
  using Scalar = double;

  LiftedOperator(const SectorOperator& h, double shift, const std::function<void(std::int64_t)>& progress)
      : h_(h), shift_(shift), progress_(progress) {}

  // |(H - shift) x| / |x|.
  void set_unit(const Vector& x) {
    Vector image(x.size());
    perform_op(x.data(), image.data());
    unit_ *= std::sqrt(dot(image, image) / dot(x, x));
  }

  Eigen::Index rows() const { return h_.dimension(); }
  Eigen::Index cols() const { return h_.dimension(); }
  void perform_op(const double* x, double* y) const {
    const Eigen::Map<const Eigen::VectorXd> in(x, rows());
    Eigen::Map<Eigen::VectorXd> out(y, rows());
    h_.apply(x, y);
    out = (out - shift_ * in) / unit_;
    if (known_) {
      for (const Vector& state : *known_) {
        const Eigen::Map<const Eigen::VectorXd> v(state.data(), rows());
        out += (lift_ * v.dot(in)) * v;
      }
    }
    if (progress_) progress_(h_.applications());
  }
  void lift(const std::vector<Vector>& states, double by) {
    known_ = &states;
    lift_ = by / unit_;
  }
  double shift() const { return shift_; }
  double unit() const { return unit_; }
  double energy(double eigenvalue) const { return eigenvalue * unit_ + shift_; }

 private:
  const SectorOperator& h_;
  double shift_, unit_ = 1, lift_ = 0;
  const std::function<void(std::int64_t)>& progress_;
  const std::vector<Vector>* known_ = nullptr;
};

// Uniform in (-1/2, 1/2), one Philox draw per state; another stream for every restart from scratch.
Vector start_vector(std::int64_t dimension, std::uint64_t seed, std::uint32_t stream) {
  Vector x(dimension);
  for (std::int64_t i = 0; i < dimension; ++i) {
    const RandomWords words = random_words({seed, start_vector_stage}, stream, static_cast<std::uint64_t>(i), 0);
    x[i] = uniform01(words.word[0], words.word[1]) - 0.5;
  }
  return x;
}

// Ascending energies, and what lies above them.
struct Levels {
  std::vector<double> energies;
  std::vector<Vector> states;
  std::optional<double> next = {};  // the lowest energy of the states left out
  double residual = 0, error = 0;   // what the solver promises of a state, and of an energy

  std::size_t size() const { return energies.size(); }
  void insert(double energy, Vector state) {
    const auto place = std::upper_bound(energies.begin(), energies.end(), energy) - energies.begin();
    energies.insert(energies.begin() + place, energy);
    states.insert(states.begin() + place, std::move(state));
  }
  void drop_highest() {
    energies.pop_back();
    states.pop_back();
  }
};

Levels lanczos(LiftedOperator& op, int states, std::int64_t vectors, const EdOptions& options, const Vector& start) {
  const std::int64_t dimension = op.rows();
  Spectra::SymEigsSolver<LiftedOperator> solver(op, states, std::min(vectors, dimension));
  solver.init(start.data());
  const Eigen::Index converged =
      solver.compute(Spectra::SortRule::SmallestAlge, options.max_iterations, options.tolerance, Spectra::SortRule::SmallestAlge);
  if (solver.info() != Spectra::CompInfo::Successful) {
    throw NumericalError("Lanczos found " + std::to_string(converged) + " of " + std::to_string(states) + " states in " +
                         std::to_string(options.max_iterations) + " restarts (dimension " + std::to_string(dimension) +
                         "); allow more iterations or a larger tolerance");
  }
  Levels levels;
  const Eigen::VectorXd values = solver.eigenvalues();
  const Eigen::MatrixXd columns = solver.eigenvectors();
  for (int k = 0; k < states; ++k) {
    levels.energies.push_back(op.energy(values[k]));
    levels.states.emplace_back(columns.col(k).data(), columns.col(k).data() + dimension);
  }
  return levels;
}

// What energies may be off by: rounding in a spectrum of this width, and the square of a residual.
double energy_error(double width, double residual) { return 1e-12 * width + std::min(residual * residual, scan_tolerance); }
// Energies up to this belong to the level of `lowest`.
double top_of_level(double lowest, double error) { return lowest + same_level * std::max(1.0, std::abs(lowest)) + error; }

void check_level_fits(std::int64_t dimension, std::int64_t vectors, const Levels& levels, const EdOptions& options) {
  if (lanczos_bytes(dimension, vectors, levels.size() + 2) <= options.memory_limit) return;
  throw MemoryError("exact diagonalisation of dimension " + std::to_string(dimension) + ": the lowest level has " + std::to_string(levels.size()) +
                    " states or more, and they do not fit limits.memory (" + std::to_string(options.memory_limit) +
                    " bytes); raise it, or split the level by a field or another sector");
}

// The share of x in the space of known states.
double known_share(const std::vector<Vector>& known, const Vector& x) {
  double share = 0;
  for (const Vector& state : known) share += std::pow(dot(state, x), 2);
  return share / dot(x, x);
}

// The lowest state orthogonal to those of `levels`. A level far above them may need a higher lift than was thought.
Levels next_state(LiftedOperator& op, const Levels& levels, const EdOptions& options, std::int64_t vectors, std::uint32_t stream) {
  constexpr double more = 16;
  const Vector start = start_vector(op.rows(), options.seed, stream);
  for (double lift = 2 * (op.shift() - levels.energies.front()) + 4 * op.unit();; lift *= more) {
    op.lift(levels.states, lift);
    Levels found = lanczos(op, 1, vectors, options, start);
    if (known_share(levels.states, found.states.front()) < 0.5) return found;
  }
}

// A Krylov space holds one vector of every degenerate level only. Looks for the lowest state orthogonal to all found, until it neither belongs to the
// lowest level nor lies below the highest one found.
void complete(LiftedOperator& op, Levels& levels, const EdOptions& options, std::int64_t vectors) {
  const double scale = std::max(1.0, op.shift() - levels.energies.front());
  levels.residual = options.tolerance * scale;
  levels.error = energy_error(op.unit(), levels.residual);
  const double margin = 100 * levels.residual;
  const auto belongs = [&](double energy, double top) { return energy <= top || energy < levels.energies.back() - margin; };
  EdOptions scan = options;
  scan.tolerance = std::max(options.tolerance, scan_tolerance);
  for (std::uint32_t stream = 1; levels.size() < static_cast<std::size_t>(op.rows()); ++stream) {
    check_level_fits(op.rows(), vectors, levels, options);
    Levels found = next_state(op, levels, scan, vectors, stream);
    levels.next = found.energies.front();
    if (!belongs(*levels.next, levels.energies.front() + surely_another * scale)) return;
    found = next_state(op, levels, options, vectors, stream);
    levels.next = found.energies.front();
    if (!belongs(*levels.next, top_of_level(levels.energies.front(), levels.error))) return;
    levels.insert(found.energies.front(), std::move(found.states.front()));
    const double top = top_of_level(levels.energies.front(), levels.error);
    while (levels.size() > static_cast<std::size_t>(options.states) && levels.energies.back() > top) levels.drop_highest();
  }
  levels.next.reset();
}

Levels dense(const SectorOperator& op, int states) {
  const std::int64_t dimension = op.dimension();
  Eigen::MatrixXd matrix(dimension, dimension);
  Vector unit(dimension);
  for (std::int64_t j = 0; j < dimension; ++j) {
    unit[j] = 1;
    op.apply(unit.data(), matrix.col(j).data());
    unit[j] = 0;
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(matrix);
  if (solver.info() != Eigen::Success) throw NumericalError("the dense eigen-decomposition did not converge (non-finite couplings?)");
  Levels levels;
  const auto& energies = solver.eigenvalues();
  levels.error = energy_error(energies[dimension - 1] - energies[0], 0);
  const double top = top_of_level(energies[0], levels.error);
  for (std::int64_t k = 0; k < dimension; ++k) {
    if (k >= states && energies[k] > top) {
      levels.next = energies[k];
      break;
    }
    levels.energies.push_back(energies[k]);
    levels.states.emplace_back(solver.eigenvectors().col(k).data(), solver.eigenvectors().col(k).data() + dimension);
  }
  return levels;
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
  if (is_dense(dimension, options)) return table_bytes(dimension) + 8 * dimension * (3 * dimension + options.states + 2);
  return lanczos_bytes(dimension, krylov_vectors(dimension, options), kept_states(options.states));
}

EdResult diagonalise(const ProblemFamily& family, int problem, const EdOptions& options, Communicator& comm,
                     const std::function<void(std::int64_t)>& progress) {
  const Problem& chosen = family.problems[problem];
  check(chosen.sector, options);
  const SectorOperator op(family.hamiltonian, chosen.sector, chosen.couplings, comm);
  Levels levels;
  if (is_dense(op.dimension(), options)) {
    levels = dense(op, options.states);
  } else {
    // The k-th level lies below the k-th smallest diagonal element (Cauchy interlacing), so wanted eigenvalues of H - shift are below -1 and a
    // relative tolerance means something even if E is close to zero.
    LiftedOperator lifted(op, op.smallest_diagonal(options.states).back() + 1, progress);
    const std::int64_t vectors = krylov_vectors(op.dimension(), options);
    const Vector start = start_vector(op.dimension(), options.seed, 0);
    lifted.set_unit(start);
    levels = lanczos(lifted, options.states, vectors, options, start);
    complete(lifted, levels, options, vectors);
  }
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

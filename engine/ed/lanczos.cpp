#include "engine/ed/lanczos.h"

#include <Spectra/SymEigsSolver.h>
#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <string>

#include "kernels/api/error.h"
#include "kernels/api/random.h"

namespace qs {
namespace {

using Vector = std::vector<double>;

constexpr std::int64_t dense_dimension = 200;
constexpr std::int64_t most_vectors = 24;       // Krylov vectors for the ground state; fewer restart too often, more cost too much orthogonalisation
constexpr std::int64_t table_bytes = 64 << 20;  // of the split basis and the small matrices
constexpr std::uint32_t start_vector_stage = 0xED;

// Spectra keeps the Krylov vectors and half as many again while it restarts; then diagonal, residuals, start vector, results, gathered rows.
std::int64_t lanczos_bytes(std::int64_t dimension, std::int64_t vectors, int states) {
  return table_bytes + 8 * dimension * (vectors * 3 / 2 + 2 * states + 6);
}

// Krylov vectors: 2k + 22 where memory allows, down to 2k + 4.
std::int64_t krylov_vectors(std::int64_t dimension, const EdOptions& options) {
  const std::int64_t least = 2 * std::int64_t{options.states} + 4;
  std::int64_t vectors = 2 * std::int64_t{options.states} - 2 + most_vectors;
  while (vectors > least && lanczos_bytes(dimension, vectors, options.states) > options.memory_limit) --vectors;
  return vectors;
}

bool is_dense(std::int64_t dimension, const EdOptions& options) {
  return dimension <= dense_dimension || 2 * std::int64_t{options.states} + 4 >= dimension;
}

double dot(const Vector& a, const Vector& b) {
  return Eigen::Map<const Eigen::VectorXd>(a.data(), a.size()).dot(Eigen::Map<const Eigen::VectorXd>(b.data(), b.size()));
}

// What Spectra sees: H - shift, plus `lift` on known states, which moves them above all wanted ones.
class LiftedOperator {
 public:
  using Scalar = double;

  LiftedOperator(const SectorOperator& h, double shift, const std::function<void(std::int64_t)>& progress)
      : h_(h), shift_(shift), progress_(progress) {}

  Eigen::Index rows() const { return h_.dimension(); }
  Eigen::Index cols() const { return h_.dimension(); }
  void perform_op(const double* x, double* y) const {
    const Eigen::Map<const Eigen::VectorXd> in(x, rows());
    Eigen::Map<Eigen::VectorXd> out(y, rows());
    h_.apply(x, y);
    out -= shift_ * in;
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
    lift_ = by;
  }
  double shift() const { return shift_; }

 private:
  const SectorOperator& h_;
  double shift_, lift_ = 0;
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

struct Levels {
  std::vector<double> energies;
  std::vector<Vector> states;
};

Levels lanczos(LiftedOperator& op, int states, std::int64_t vectors, const EdOptions& options, std::uint32_t stream) {
  const std::int64_t dimension = op.rows();
  Spectra::SymEigsSolver<LiftedOperator> solver(op, states, std::min(vectors, dimension));
  const Vector start = start_vector(dimension, options.seed, stream);
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
    levels.energies.push_back(values[k] + op.shift());
    levels.states.emplace_back(columns.col(k).data(), columns.col(k).data() + dimension);
  }
  return levels;
}

// A Krylov space holds one vector of every degenerate level only. Looks below the highest level found, orthogonally to all of them, until nothing is
// missed.
void add_missed_levels(LiftedOperator& op, Levels& levels, const EdOptions& options, std::int64_t vectors) {
  for (std::uint32_t stream = 1;; ++stream) {
    op.lift(levels.states, 2 * (op.shift() - levels.energies.front()) + 1);
    Levels next = lanczos(op, 1, vectors, options, stream);
    const double margin = 100 * options.tolerance * std::max(1.0, op.shift() - levels.energies.front());
    if (next.energies.front() > levels.energies.back() - margin) return;
    const auto place = std::upper_bound(levels.energies.begin(), levels.energies.end(), next.energies.front()) - levels.energies.begin();
    levels.energies.insert(levels.energies.begin() + place, next.energies.front());
    levels.states.insert(levels.states.begin() + place, std::move(next.states.front()));
    levels.energies.pop_back();
    levels.states.pop_back();
  }
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
  for (int k = 0; k < states; ++k) {
    levels.energies.push_back(solver.eigenvalues()[k]);
    levels.states.emplace_back(solver.eigenvectors().col(k).data(), solver.eigenvectors().col(k).data() + dimension);
  }
  return levels;
}

void fix_norm_and_sign(Vector& x) {
  const auto largest = std::max_element(x.begin(), x.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  const double scale = (*largest < 0 ? -1.0 : 1.0) / std::sqrt(dot(x, x));
  for (double& value : x) value *= scale;
}

void check(const Sector& sector, const EdOptions& options) {
  if (!sector.enumerable()) {
    throw InputError("exact diagonalisation needs every state of the sector, and " + sector.describe() + " has about e^" +
                     std::to_string(static_cast<int>(sector.log_dimension())) + " of them; choose a smaller lattice");
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
  if (is_dense(dimension, options)) return table_bytes + 8 * dimension * (3 * dimension + options.states + 2);
  return lanczos_bytes(dimension, krylov_vectors(dimension, options), options.states);
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
    levels = lanczos(lifted, options.states, vectors, options, 0);
    if (options.states > 1) add_missed_levels(lifted, levels, options, vectors);
  }
  EdResult result{std::move(levels.energies), {}, std::move(levels.states), op.dimension(), 0};
  Vector image(op.dimension());
  for (int k = 0; k < options.states; ++k) {
    Vector& state = result.states[k];
    fix_norm_and_sign(state);
    op.apply(state.data(), image.data());
    result.energies[k] = dot(state, image);  // Rayleigh quotient: its error is quadratic in the residual
    for (std::int64_t i = 0; i < op.dimension(); ++i) image[i] -= result.energies[k] * state[i];
    result.residuals.push_back(std::sqrt(dot(image, image)));
  }
  result.applications = op.applications();
  return result;
}

}  // namespace qs

#include "engine/ed/level_search.h"

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

constexpr std::uint32_t start_vector_stage = 0xED;
constexpr double same_level = 1e-9;      // relative; closer energies belong to one level
constexpr double scan_tolerance = 1e-6;  // of a state that is only looked at: energies are accurate to its square
constexpr double surely_another = 1e-5;  // above this, relative to the energy scale, a state that is only looked at is in another level

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

// Of the split basis and the small matrices, at most.
std::int64_t table_bytes(std::int64_t dimension) { return std::min(std::int64_t{64} << 20, (std::int64_t{16} << 20) + 512 * dimension); }

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

}  // namespace

double top_of_level(double lowest, double error) { return lowest + same_level * std::max(1.0, std::abs(lowest)) + error; }

// Spectra keeps the Krylov vectors and half as many again while it restarts; then diagonal, residuals, start vector, gathered rows, and `kept`
// states.
std::int64_t lanczos_bytes(std::int64_t dimension, std::int64_t vectors, std::int64_t kept) {
  return table_bytes(dimension) + 8 * dimension * (vectors * 3 / 2 + kept + 6);
}

Levels lanczos_levels(const SectorOperator& h, const EdOptions& options, std::int64_t vectors, const std::function<void(std::int64_t)>& progress) {
  // The k-th level lies below the k-th smallest diagonal element (Cauchy interlacing), so wanted eigenvalues of H - shift are below -1 and a
  // relative tolerance means something even if E is close to zero.
  LiftedOperator lifted(h, h.smallest_diagonal(options.states).back() + 1, progress);
  const Vector start = start_vector(h.dimension(), options.seed, 0);
  lifted.set_unit(start);
  Levels levels = lanczos(lifted, options.states, vectors, options, start);
  complete(lifted, levels, options, vectors);
  return levels;
}

Levels dense_levels(const SectorOperator& op, int states) {
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

}  // namespace qs

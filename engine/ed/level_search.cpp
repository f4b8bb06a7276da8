#include "engine/ed/level_search.h"

#include <Spectra/SymEigsSolver.h>
#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/base/error.h"
#include "engine/base/random.h"

namespace qs {
namespace {

template <class Scalar>
using Vector = std::vector<Scalar>;

constexpr std::uint32_t start_vector_stage = 0xED;
constexpr double same_level = 1e-9;      // relative; closer energies belong to one level
constexpr double scan_tolerance = 1e-6;  // of a state that is only looked at: energies are accurate to its square
constexpr double copy = 0.5;             // share of a state in those found before from which on it is one of them again
constexpr double surely_another = 1e-5;  // above this, relative to the energy scale, a state that is only looked at is in another level

// What Spectra sees: (H - shift)/unit, plus `lift` on known states, which moves them above all wanted ones. The unit makes eigenvalues of the order
// of one: where the Krylov space ends, Spectra tells the rounding that is left from a direction by its absolute size.
//
// A complex vector is to Spectra a real one of twice the length, in which H is symmetric: a Hermitian Krylov space has real coefficients, so this is
// complex Lanczos. Only rounding may add i x to x, and every energy twice.
template <class Amplitude>
class LiftedOperator {
 public:
  using Scalar = double;
  static constexpr std::int64_t parts = sizeof(Amplitude) / sizeof(double);

  LiftedOperator(const HermitianOperator<Amplitude>& h, double shift, const std::function<void(std::int64_t)>& progress)
      : h_(h), shift_(shift), progress_(progress) {}

  // |(H - shift) x| / |x|.
  void set_unit(const Vector<double>& x) {
    Vector<double> image(x.size());
    perform_op(x.data(), image.data());
    unit_ *= std::sqrt(dot(image, image) / dot(x, x));
  }

  std::int64_t dimension() const { return h_.dimension(); }
  Eigen::Index rows() const { return parts * h_.dimension(); }
  Eigen::Index cols() const { return rows(); }
  void perform_op(const double* x, double* y) const {
    using Amplitudes = Eigen::Matrix<Amplitude, Eigen::Dynamic, 1>;
    const Eigen::Map<const Amplitudes> in(reinterpret_cast<const Amplitude*>(x), dimension());
    Eigen::Map<Amplitudes> out(reinterpret_cast<Amplitude*>(y), dimension());
    h_.apply(in.data(), out.data());
    out = (out - shift_ * in) / unit_;
    if (known_) {
      for (const Vector<Amplitude>& state : *known_) {
        const Eigen::Map<const Amplitudes> v(state.data(), dimension());
        out += (lift_ * v.dot(in)) * v;
      }
    }
    if (progress_) progress_(h_.applications());
  }
  void lift(const std::vector<Vector<Amplitude>>& states, double by) {
    known_ = &states;
    lift_ = by / unit_;
  }
  double shift() const { return shift_; }
  double unit() const { return unit_; }
  double energy(double eigenvalue) const { return eigenvalue * unit_ + shift_; }

 private:
  const HermitianOperator<Amplitude>& h_;
  double shift_, unit_ = 1, lift_ = 0;
  const std::function<void(std::int64_t)>& progress_;
  const std::vector<Vector<Amplitude>>* known_ = nullptr;
};

// Uniform in (-1/2, 1/2), one Philox draw per real number; another stream for every restart from scratch.
Vector<double> start_vector(std::int64_t rows, std::uint64_t seed, std::uint32_t stream) {
  Vector<double> x(rows);
  for (std::int64_t i = 0; i < rows; ++i) {
    const RandomWords words = random_words({seed, start_vector_stage}, stream, static_cast<std::uint64_t>(i), 0);
    x[i] = uniform01(words.word[0], words.word[1]) - 0.5;
  }
  return x;
}

// The share of x in the space of known states.
template <class Scalar>
double known_share(const std::vector<Vector<Scalar>>& known, const Vector<Scalar>& x) {
  double share = 0;
  for (const Vector<Scalar>& state : known) share += std::norm(dot(state, x));
  return share / std::real(dot(x, x));
}

// Up to `states` of them: of a complex operator copies are left out, which may hide a state of the same level.
template <class Scalar>
Levels<Scalar> lanczos(LiftedOperator<Scalar>& op, int states, std::int64_t vectors, const EdOptions& options, const Vector<double>& start) {
  Spectra::SymEigsSolver<LiftedOperator<Scalar>> solver(op, states, std::min<std::int64_t>(vectors, op.rows()));
  solver.init(start.data());
  const Eigen::Index converged =
      solver.compute(Spectra::SortRule::SmallestAlge, options.max_iterations, options.tolerance, Spectra::SortRule::SmallestAlge);
  if (solver.info() != Spectra::CompInfo::Successful) {
    throw NumericalError("Lanczos found " + std::to_string(converged) + " of " + std::to_string(states) + " states in " +
                         std::to_string(options.max_iterations) + " restarts (dimension " + std::to_string(op.dimension()) +
                         "); allow more iterations or a larger tolerance");
  }
  Levels<Scalar> levels;
  const Eigen::VectorXd values = solver.eigenvalues();
  const Eigen::MatrixXd columns = solver.eigenvectors();
  for (int k = 0; k < states; ++k) {
    const auto* first = reinterpret_cast<const Scalar*>(columns.col(k).data());
    Vector<Scalar> state(first, first + op.dimension());
    if (op.parts > 1 && known_share(levels.states, state) > copy) continue;
    levels.energies.push_back(op.energy(values[k]));
    levels.states.push_back(std::move(state));
  }
  return levels;
}

// What energies may be off by: rounding in a spectrum of this width, and the square of a residual.
double energy_error(double width, double residual) { return 1e-12 * width + std::min(residual * residual, scan_tolerance); }

// Of the split basis and the small matrices, at most.
std::int64_t table_bytes(std::int64_t dimension) { return std::min(std::int64_t{64} << 20, (std::int64_t{16} << 20) + 512 * dimension); }

template <class Scalar>
void check_level_fits(std::int64_t dimension, std::int64_t vectors, const Levels<Scalar>& levels, const EdOptions& options) {
  if (lanczos_bytes(dimension, vectors, levels.size() + 2, sizeof(Scalar)) <= options.memory_limit) return;
  throw MemoryError("exact diagonalisation of dimension " + std::to_string(dimension) + ": the lowest level has " + std::to_string(levels.size()) +
                    " states or more, and they do not fit limits.memory (" + std::to_string(options.memory_limit) +
                    " bytes); raise it, or split the level by a field or another sector");
}

// The lowest state orthogonal to those of `levels`. A level far above them may need a higher lift than was thought.
template <class Scalar>
Levels<Scalar> next_state(LiftedOperator<Scalar>& op, const Levels<Scalar>& levels, const EdOptions& options, std::int64_t vectors,
                          std::uint32_t stream) {
  constexpr double more = 16;
  const Vector<double> start = start_vector(op.rows(), options.seed, stream);
  for (double lift = 2 * (op.shift() - levels.energies.front()) + 4 * op.unit();; lift *= more) {
    op.lift(levels.states, lift);
    Levels<Scalar> found = lanczos(op, 1, vectors, options, start);
    if (known_share(levels.states, found.states.front()) < copy) return found;
  }
}

// A Krylov space holds one vector of every degenerate level only. Looks for the lowest state orthogonal to all found, until it neither belongs to the
// lowest level nor lies below the highest one found, and there are as many as were asked for.
template <class Scalar>
void complete(LiftedOperator<Scalar>& op, Levels<Scalar>& levels, const EdOptions& options, std::int64_t vectors) {
  const double scale = std::max(1.0, op.shift() - levels.energies.front());
  levels.residual = options.tolerance * scale;
  levels.error = energy_error(op.unit(), levels.residual);
  const double margin = 100 * levels.residual;
  const auto wanted = static_cast<std::size_t>(options.states);
  const auto belongs = [&](double energy, double top) { return levels.size() < wanted || energy <= top || energy < levels.energies.back() - margin; };
  EdOptions scan = options;
  scan.tolerance = std::max(options.tolerance, scan_tolerance);
  for (std::uint32_t stream = 1; levels.size() < static_cast<std::size_t>(op.dimension()); ++stream) {
    check_level_fits(op.dimension(), vectors, levels, options);
    Levels<Scalar> found = next_state(op, levels, scan, vectors, stream);
    levels.next = found.energies.front();
    if (!belongs(*levels.next, levels.energies.front() + surely_another * scale)) return;
    found = next_state(op, levels, options, vectors, stream);
    levels.next = found.energies.front();
    if (!belongs(*levels.next, top_of_level(levels.energies.front(), levels.error))) return;
    levels.insert(found.energies.front(), std::move(found.states.front()));
    const double top = top_of_level(levels.energies.front(), levels.error);
    while (levels.size() > wanted && levels.energies.back() > top) levels.drop_highest();
  }
  levels.next.reset();
}

}  // namespace

double top_of_level(double lowest, double error) { return lowest + same_level * std::max(1.0, std::abs(lowest)) + error; }

// Spectra keeps the Krylov vectors and half as many again while it restarts; then diagonal, residuals, start vector, gathered rows, and `kept`
// states.
std::int64_t lanczos_bytes(std::int64_t dimension, std::int64_t vectors, std::int64_t kept, std::int64_t amplitude_bytes) {
  return table_bytes(dimension) + amplitude_bytes * dimension * (vectors * 3 / 2 + kept + 6);
}

template <class Scalar>
Levels<Scalar> lanczos_levels(const HermitianOperator<Scalar>& h, const EdOptions& options, std::int64_t vectors,
                              const std::function<void(std::int64_t)>& progress) {
  // The k-th level lies below the k-th smallest diagonal element (Cauchy interlacing), so wanted eigenvalues of H - shift are below -1 and a
  // relative tolerance means something even if E is close to zero.
  LiftedOperator<Scalar> lifted(h, h.smallest_diagonal(options.states).back() + 1, progress);
  const Vector<double> start = start_vector(lifted.rows(), options.seed, 0);
  lifted.set_unit(start);
  Levels<Scalar> levels = lanczos(lifted, options.states, vectors, options, start);
  complete(lifted, levels, options, vectors);
  return levels;
}

template <class Scalar>
Levels<Scalar> dense_levels(const HermitianOperator<Scalar>& op, int states) {
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  const std::int64_t dimension = op.dimension();
  Matrix matrix(dimension, dimension);
  Vector<Scalar> unit(dimension);
  for (std::int64_t j = 0; j < dimension; ++j) {
    unit[j] = 1;
    op.apply(unit.data(), matrix.col(j).data());
    unit[j] = 0;
  }
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(matrix);
  if (solver.info() != Eigen::Success) throw NumericalError("the dense eigen-decomposition did not converge (non-finite couplings?)");
  Levels<Scalar> levels;
  const auto& energies = solver.eigenvalues();
  levels.error = energy_error(std::max(energies[dimension - 1] - energies[0], std::abs(energies[0])), 0);
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

using Complex = std::complex<double>;
template Levels<double> lanczos_levels(const HermitianOperator<double>&, const EdOptions&, std::int64_t, const std::function<void(std::int64_t)>&);
template Levels<Complex> lanczos_levels(const HermitianOperator<Complex>&, const EdOptions&, std::int64_t, const std::function<void(std::int64_t)>&);
template Levels<double> dense_levels(const HermitianOperator<double>&, int);
template Levels<Complex> dense_levels(const HermitianOperator<Complex>&, int);

}  // namespace qs

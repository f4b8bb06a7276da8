// The linear system of one natural-gradient step: formed once, solved for one diagonal shift after another while a step is sought.
//
// SR    (X^T X + s 1) d = X^T v + s mu d_old                                  [P, P]      Sorella, PRL 80, 4558 (1998)
// minSR (X X^T + s 1) y = v - mu X d_old,  d = X^T y + mu d_old               [rows, rows] Chen and Heyl, Nat. Phys. 20, 1476 (2024)
// The two are equal in exact arithmetic. mu d_old: SPRING, Goldshlager et al., J. Comput. Phys. 516, 113351 (2024). v carries the factor 2 of the
// gradient (see optimizer.h).
#pragma once

#include <complex>
#include <memory>
#include <span>
#include <vector>

#include "engine/optimize/optimizer.h"
#include "engine/optimize/shifted_solver.h"

namespace qs {

// `natural` takes the smaller system: sr for no more parameters than rows of X, else minsr. Other kinds are what they are.
OptimizerKind resolved_kind(OptimizerKind kind, std::int64_t parameters, std::int64_t rows);

// The root solves, every rank receives. The matrix is empty elsewhere. Collective.
ShiftedSolution solve_on_root(Communicator& comm, ShiftedMatrix& matrix, std::span<const double> b0, std::span<const double> b1, double shift);

struct NaturalDirection {
  std::vector<double> direction, gradient;  // d and X^T v, on every rank
  ShiftedSolution solution;                 // SR: x is empty; minSR: y, of all rows
};

class NaturalSystem {
 public:
  virtual ~NaturalSystem() = default;
  // `share`: of the momentum, which repeated attempts lower. Same bits on every rank. NumericalError, on every rank, when no rung solves. Collective,
  // as all below.
  virtual NaturalDirection solve(double shift, double share) = 0;
  // X d of all rows, on every rank: how far, and where to, psi moves along d (optimizer.h).
  virtual std::vector<double> image(const NaturalDirection& found) = 0;
  // Below this shift the rounding of the products would decide the soft directions.
  virtual double least_shift() = 0;
  // The diagonal of X^T X, on every rank; of a system that was made with scales.
  virtual std::vector<double> squares() = 0;
};

// X d = v - s y of a solution y of minSR, whatever the momentum: (X X^T + s) y = v - X mu d_old and d = X^T y + mu d_old. v: of my rows.
std::vector<double> image_of_solution(Communicator& comm, std::span<const double> v, const ShiftedSolution& y);
// direction += share * momentum.
void add_momentum(double share, std::span<const double> momentum, std::vector<double>& direction);

// Forms the derivatives. `momentum` = mu d_old (empty: none). `scales` of parameter_scales.h (empty: 1): the shift damps parameter k scales[k]^-2
// times. The tangent and what it refers to must outlive the system. Collective.
std::unique_ptr<NaturalSystem> make_natural_system(const OptimizerOptions& options, const Tangent& tangent,
                                                   std::span<const std::complex<double>> residual, std::vector<double> momentum,
                                                   std::vector<double> scales);

}  // namespace qs

// Stochastic reconfiguration (natural gradient) in both shapes, with SPRING momentum.
//
// SR    (X^T X + s 1) d = X^T v + s mu d_old                                  [P, P]      Sorella, PRL 80, 4558 (1998)
// minSR (X X^T + s 1) y = v - mu X d_old,  d = X^T y + mu d_old               [rows, rows] Chen and Heyl, Nat. Phys. 20, 1476 (2024)
// The two are equal in exact arithmetic. mu d_old: SPRING, Goldshlager et al., J. Comput. Phys. 516, 113351 (2024). theta -= min(lr, sqrt(C)/|d|) d;
// the momentum buffer keeps d before the step size. v carries the factor 2 of the gradient (see optimizer.h).
#pragma once

#include "engine/optimize/optimizer.h"
#include "engine/optimize/shifted_solver.h"
#include "engine/optimize/tangent_rows.h"

namespace qs {

// `natural` takes the smaller system: sr for no more parameters than rows of X, else minsr. Other kinds are what they are.
OptimizerKind resolved_kind(OptimizerKind kind, std::int64_t parameters, std::int64_t rows);

class NaturalGradient : public Optimizer {
 public:
  NaturalGradient(OptimizerOptions options, std::int64_t parameters);

  StepReport update(const Tangent& tangent, std::span<const std::complex<double>> residual, std::vector<double>& parameters) override;
  const OptimizerState& state() const override { return state_; }
  void restore(OptimizerState state) override;

 private:
  OptimizerOptions options_;
  std::int64_t parameters_;
  OptimizerState state_;
};

// The root solves, every rank receives. Collective.
ShiftedSolution solve_on_root(Device device, Communicator& comm, ShiftedSystem system);

struct NaturalDirection {
  std::vector<double> direction, gradient;  // d and X^T v, on every rank
  ShiftedSolution solution;                 // x is empty
};

// The direction from rows X and v (of my rows); `momentum` = mu d_old (empty: none). `clock`, if any, is told the phases gram and solve.
// Collective, same bits on every rank.
template <class Real>
NaturalDirection sr_direction(Communicator& comm, const TangentRows<Real>& rows, std::span<const double> v, double shift,
                              std::span<const double> momentum, PhaseClock* clock);
template <class Real>
NaturalDirection minsr_direction(Communicator& comm, const TangentRows<Real>& rows, std::span<const double> v, double shift,
                                 std::span<const double> momentum, PhaseClock* clock);

}  // namespace qs

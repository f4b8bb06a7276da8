#include "engine/optimize/natural_gradient.h"

#include <optional>
#include <utility>

#include "engine/optimize/gram.h"
#include "engine/optimize/minsr_in_blocks.h"
#include "engine/optimize/refined_solver.h"
#include "engine/optimize/state.h"
#include "kernels/api/error.h"

namespace qs {
namespace {

// (X X^T + shift) y = b. Float32 products take half the time of float64 ones; exact products with X make up for their rounding.
template <class Real>
ShiftedSolution solve_minsr(Communicator& comm, const TangentRows<Real>& rows, std::vector<double> b, double shift, PhaseClock* clock) {
  constexpr double most_error = 1e4;  // relative to the shift: conjugate gradients take about its root in iterations at worst
  const double error = gram_rounding(comm, rows);
  const auto gram = [&](kernels::Arithmetic arithmetic) { return timed(clock, "gram", [&] { return gram_matrix(arithmetic, comm, rows); }); };
  if (error > 0 && error <= most_error * shift) {
    Buffer<double> matrix = gram(kernels::Arithmetic::own);
    std::optional<ShiftedSolution> refined = timed(clock, "solve", [&] { return solve_refined(comm, rows, std::move(matrix), b, shift, error); });
    if (refined) return *std::move(refined);
  }
  ShiftedSystem system{rows.layout.total(), gram(kernels::Arithmetic::wide), std::move(b), {}, shift};
  return timed(clock, "solve", [&] { return solve_on_root(rows.device, comm, std::move(system)); });
}

template <class Real>
NaturalDirection direction_for(const OptimizerOptions& options, const Tangent& tangent, std::span<const std::complex<double>> residual, double shift,
                               std::span<const double> momentum) {
  if (options.parameter_blocks > 1) return minsr_direction_in_blocks<Real>(options, tangent, residual, shift, momentum);
  const std::vector<double> v = residual_rows({tangent.samples.problems, tangent.samples.rows.problem, tangent.samples.weight},
                                              rows_per_sample(tangent.psi.jacobian_mode()), residual);
  TangentRows<Real> rows = timed(tangent.clock, "derivatives", [&] { return centred_jacobian<Real>(options.device, tangent); });
  const bool sr = resolved_kind(options.kind, rows.parameters, rows.layout.total()) == OptimizerKind::sr;
  return sr ? sr_direction<Real>(tangent.comm, rows, v, shift, momentum, tangent.clock)
            : minsr_direction<Real>(tangent.comm, rows, v, shift, momentum, tangent.clock);
}

}  // namespace

ShiftedSolution solve_on_root(Device device, Communicator& comm, ShiftedSystem system) {
  ShiftedSolution solution;
  on_root(comm, [&] { solution = solve_shifted(device, system); });
  solution.x.resize(system.n);
  comm.broadcast<double>(solution.x, 0);
  double numbers[] = {static_cast<double>(solution.rung), solution.shift, solution.smallest_pivot, solution.residual};
  comm.broadcast<double>(numbers, 0);
  return {std::move(solution.x), static_cast<int>(numbers[0]), numbers[1], numbers[2], numbers[3]};
}

OptimizerKind resolved_kind(OptimizerKind kind, std::int64_t parameters, std::int64_t rows) {
  if (kind != OptimizerKind::natural) return kind;
  return parameters <= rows ? OptimizerKind::sr : OptimizerKind::minsr;
}

template <class Real>
NaturalDirection sr_direction(Communicator& comm, const TangentRows<Real>& rows, std::span<const double> v, double shift,
                              std::span<const double> momentum, PhaseClock* clock) {
  NaturalDirection out;
  out.gradient = std::move(multiply_transposed(comm, rows, {v}).front());
  const kernels::Arithmetic arithmetic = shift < gram_rounding(comm, rows) ? kernels::Arithmetic::wide : kernels::Arithmetic::own;
  Buffer<double> metric = timed(clock, "gram", [&] { return metric_matrix(arithmetic, comm, rows); });
  ShiftedSystem system{rows.parameters, std::move(metric), out.gradient, {momentum.begin(), momentum.end()}, shift};
  out.solution = timed(clock, "solve", [&] { return solve_on_root(rows.device, comm, std::move(system)); });
  out.direction = std::exchange(out.solution.x, {});
  return out;
}

template <class Real>
NaturalDirection minsr_direction(Communicator& comm, const TangentRows<Real>& rows, std::span<const double> v, double shift,
                                 std::span<const double> momentum, PhaseClock* clock) {
  std::vector<double> right(v.begin(), v.end());
  if (!momentum.empty()) {
    std::vector<double> moved;
    on_all(comm, [&] { moved = multiply(rows, momentum); });
    for (std::size_t i = 0; i < right.size(); ++i) right[i] -= moved[i];
  }
  NaturalDirection out;
  out.solution = solve_minsr(comm, rows, comm.all_gather<double>(right), shift, clock);
  const std::vector<double> y = std::exchange(out.solution.x, {});
  const std::span<const double> mine = std::span(y).subspan(rows.layout.my_begin(), rows.layout.my_rows());
  std::vector<std::vector<double>> products = multiply_transposed(comm, rows, {mine, v});
  out.direction = std::move(products[0]);
  out.gradient = std::move(products[1]);
  for (std::size_t k = 0; k < momentum.size(); ++k) out.direction[k] += momentum[k];
  return out;
}

NaturalGradient::NaturalGradient(OptimizerOptions options, std::int64_t parameters) : options_(std::move(options)), parameters_(parameters) {
  if (options_.momentum != 0) state_.buffers["momentum"].resize(parameters);
}

StepReport NaturalGradient::update(const Tangent& tangent, std::span<const std::complex<double>> residual, std::vector<double>& parameters) {
  QS_ASSERT(static_cast<std::int64_t>(parameters.size()) == parameters_ && tangent.psi.layout().total == parameters_);
  check_residual(tangent, residual);
  std::vector<double> momentum;
  if (options_.momentum != 0) {
    momentum = state_.buffers.at("momentum");
    for (double& value : momentum) value *= options_.momentum;
  }
  const double shift = options_.diag_shift.at(state_.updates);
  NaturalDirection step = tangent.psi.precision() == Precision::float32 ? direction_for<float>(options_, tangent, residual, shift, momentum)
                                                                        : direction_for<double>(options_, tangent, residual, shift, momentum);
  require_finite(step.direction, "direction");

  StepReport report;
  report.gradient_norm = euclidean_norm(step.gradient);
  report.direction_norm = euclidean_norm(step.direction);
  report.step_size = constrained_step(options_.lr.at(state_.updates), options_.norm_constraint, report.direction_norm);
  report.diag_shift = step.solution.shift;
  report.solver_rung = step.solution.rung;
  report.smallest_pivot = step.solution.smallest_pivot;
  report.residual = step.solution.residual;
  for (std::int64_t k = 0; k < parameters_; ++k) parameters[k] -= report.step_size * step.direction[k];
  if (options_.momentum != 0) state_.buffers.at("momentum") = std::move(step.direction);
  ++state_.updates;
  return report;
}

void NaturalGradient::restore(OptimizerState state) {
  check_state(state, state_);
  state_ = std::move(state);
}

template NaturalDirection sr_direction(Communicator&, const TangentRows<float>&, std::span<const double>, double, std::span<const double>,
                                       PhaseClock*);
template NaturalDirection sr_direction(Communicator&, const TangentRows<double>&, std::span<const double>, double, std::span<const double>,
                                       PhaseClock*);
template NaturalDirection minsr_direction(Communicator&, const TangentRows<float>&, std::span<const double>, double, std::span<const double>,
                                          PhaseClock*);
template NaturalDirection minsr_direction(Communicator&, const TangentRows<double>&, std::span<const double>, double, std::span<const double>,
                                          PhaseClock*);

}  // namespace qs

#include "engine/optimize/muon.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/optimize/adamw.h"
#include "engine/optimize/gradient.h"
#include "engine/optimize/orthogonal.h"
#include "engine/optimize/state.h"
#include "engine/optimize/tangent_rows.h"

namespace qs {
namespace {

constexpr double rms_of_adam = 0.2;

// M = mu M + G and the direction U = G + mu M, before it is orthogonalised.
void accumulate(const WeightMatrix& matrix, double mu, std::span<const double> gradient, std::span<double> m, std::span<double> direction) {
  for (std::int64_t k = matrix.offset; k < matrix.offset + matrix.rows * matrix.columns; ++k) {
    m[k] = mu * m[k] + gradient[k];
    direction[k] = gradient[k] + mu * m[k];
  }
}

void scale(const WeightMatrix& matrix, std::span<double> direction) {
  const double factor = rms_of_adam * std::sqrt(static_cast<double>(std::max(matrix.rows, matrix.columns)));
  for (double& value : direction.subspan(matrix.offset, matrix.rows * matrix.columns)) value *= factor;
}

}  // namespace

Muon::Muon(OptimizerOptions options, std::int64_t parameters) : options_(std::move(options)) {
  state_.buffers["muon_m"].resize(parameters);
  state_.buffers["muon_v"].resize(parameters);
}

StepReport Muon::update(const Tangent& tangent, std::span<const std::complex<double>> residual, std::vector<double>& parameters) {
  check_residual(tangent, residual);
  const std::vector<double> gradient = timed(tangent.clock, "derivatives", [&] { return loss_gradient(tangent, residual); });
  require_finite(gradient, "gradient");
  const std::vector<WeightMatrix> matrices = weight_matrices(tangent.psi.layout());

  OptimizerState next = state_;
  const double rate = options_.lr.at(next.updates);
  ++next.updates;
  std::vector<double>&m = next.buffers["muon_m"], &v = next.buffers["muon_v"];
  std::vector<double> direction(gradient.size());
  std::int64_t done = 0;  // matrices are in the order of the layout, Adam's parameters lie between them
  const auto adam = [&](std::int64_t end) {
    const auto part = [&](std::span<double> all) { return all.subspan(done, end - done); };
    adam_direction(options_, next.updates, std::span(gradient).subspan(done, end - done), part(m), part(v), part(direction));
  };
  for (const WeightMatrix& matrix : matrices) {
    adam(matrix.offset);
    accumulate(matrix, options_.momentum, gradient, m, direction);
    done = matrix.offset + matrix.rows * matrix.columns;
  }
  adam(static_cast<std::int64_t>(gradient.size()));
  timed(tangent.clock, "orthogonalise", [&] { orthogonalise(options_.device, tangent.comm, matrices, direction); });
  for (const WeightMatrix& matrix : matrices) scale(matrix, direction);
  require_finite(direction, "direction");

  const StepReport report{.gradient_norm = euclidean_norm(gradient), .direction_norm = euclidean_norm(direction), .step_size = rate};
  descend(rate, options_.weight_decay, direction, parameters);
  state_ = std::move(next);
  return report;
}

void Muon::restore(OptimizerState state) {
  check_state(state, state_);
  state_ = std::move(state);
}

}  // namespace qs

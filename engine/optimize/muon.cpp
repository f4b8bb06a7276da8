#include "engine/optimize/muon.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/optimize/adamw.h"
#include "engine/optimize/optimizer_entry.h"
#include "engine/optimize/orthogonal.h"

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

Muon::Muon(OptimizerOptions options, std::int64_t parameters) : GradientDescent(std::move(options), parameters, {"muon_m", "muon_v"}) {}

std::vector<double> Muon::direction(const Tangent& tangent, std::span<const double> gradient, OptimizerState& next) const {
  const std::vector<WeightMatrix> matrices = weight_matrices(tangent.psi.layout());
  std::vector<double>&m = next.buffers.at("muon_m"), &v = next.buffers.at("muon_v");
  std::vector<double> direction(gradient.size());
  std::int64_t done = 0;  // matrices are in the order of the layout, Adam's parameters lie between them
  const auto adam = [&](std::int64_t end) {
    const auto part = [&](std::span<double> all) { return all.subspan(done, end - done); };
    adam_direction(options(), next.updates, gradient.subspan(done, end - done), part(m), part(v), part(direction));
  };
  for (const WeightMatrix& matrix : matrices) {
    adam(matrix.offset);
    accumulate(matrix, options().momentum, gradient, m, direction);
    done = matrix.offset + matrix.rows * matrix.columns;
  }
  adam(static_cast<std::int64_t>(gradient.size()));
  timed(tangent.clock, "orthogonalise", [&] { orthogonalise(options().device, tangent.comm, matrices, direction); });
  for (const WeightMatrix& matrix : matrices) scale(matrix, direction);
  return direction;
}

OptimizerEntry muon_entry() {
  Options<OptimizerOptions> options = common_options({.kind = OptimizerKind::muon, .lr = {1e-2, 1e-2, 0}, .momentum = 0.95});
  add_adam_options(options);
  options.number("mu", &OptimizerOptions::momentum, {0, 1, false, true, 0}, "momentum: the share of earlier gradients that is kept");
  return {
      "muon", "orthogonalised momentum for weight matrices, Adam for the rest", std::move(options),
      [](const OptimizerOptions& chosen, std::int64_t parameters) { return std::unique_ptr<Optimizer>(std::make_unique<Muon>(chosen, parameters)); }};
}

}  // namespace qs

// Small helpers shared by the optimizers.
#pragma once

#include <span>
#include <string>

#include "engine/optimize/optimizer.h"

namespace qs {

double dot(std::span<const double> a, std::span<const double> b);
// Element by element.
std::vector<double> times(std::span<const double> a, std::span<const double> b);
std::vector<double> over(std::span<const double> a, std::span<const double> b);
double euclidean_norm(std::span<const double> x);
// NumericalError naming the quantity and the first bad parameter. All ranks hold the same bits, so all throw.
void require_finite(std::span<const double> x, const std::string& quantity);
// min(rate, sqrt(C)/|d|); C = 0: rate.
double constrained_step(double rate, double norm_constraint, double direction_norm);
// CheckpointError unless `restored` has the buffers (names, sizes) of `expected`.
void check_state(const OptimizerState& restored, const OptimizerState& expected);

}  // namespace qs

#include "engine/optimize/state.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "engine/base/error.h"

namespace qs {

double dot(std::span<const double> a, std::span<const double> b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

std::vector<double> times(std::span<const double> a, std::span<const double> b) {
  std::vector<double> product(a.size());
  std::transform(a.begin(), a.end(), b.begin(), product.begin(), std::multiplies());
  return product;
}

std::vector<double> over(std::span<const double> a, std::span<const double> b) {
  std::vector<double> quotient(a.size());
  std::transform(a.begin(), a.end(), b.begin(), quotient.begin(), std::divides());
  return quotient;
}

double euclidean_norm(std::span<const double> x) {
  double sum = 0;
  for (const double value : x) sum += value * value;
  return std::sqrt(sum);
}

void require_finite(std::span<const double> x, const std::string& quantity) {
  const auto bad = std::find_if(x.begin(), x.end(), [](double value) { return !std::isfinite(value); });
  if (bad == x.end()) return;
  throw NumericalError("the optimizer's " + quantity + " is " + std::to_string(*bad) + " at parameter " + std::to_string(bad - x.begin()) +
                       " (the parameters are left unchanged); reduce the learning rate");
}

double constrained_step(double rate, double norm_constraint, double direction_norm) {
  if (norm_constraint <= 0 || direction_norm <= 0) return rate;
  return std::min(rate, std::sqrt(norm_constraint) / direction_norm);
}

void check_state(const OptimizerState& restored, const OptimizerState& expected) {
  if (restored.updates < 0) throw CheckpointError("the optimizer state counts " + std::to_string(restored.updates) + " updates (corrupt)");
  for (const auto& [name, values] : expected.buffers) {
    const auto found = restored.buffers.find(name);
    if (found == restored.buffers.end()) {
      throw CheckpointError("the checkpoint has no optimizer buffer '" + name + "' (it was written by another optimizer or with other options)");
    }
    if (found->second.size() != values.size()) {
      throw CheckpointError("optimizer buffer '" + name + "' has " + std::to_string(found->second.size()) +
                            " values in the checkpoint, the network has " + std::to_string(values.size()) + " parameters");
    }
  }
  for (const auto& [name, values] : restored.buffers) {
    if (!expected.buffers.contains(name)) {
      throw CheckpointError("the checkpoint has an optimizer buffer '" + name + "' (" + std::to_string(values.size()) +
                            " values) that this optimizer does not use");
    }
  }
}

}  // namespace qs

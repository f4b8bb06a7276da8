// What a network declares about each of its tensors; the flat layout and the initial values follow from the list.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/wavefunctions/parameters.h"

namespace qs {

// constant: value = scale. uniform: U(-scale, scale). normal: standard deviation `scale`. truncated_normal: unit normal cut at +-2, rescaled so
// that the cut distribution has standard deviation `scale`.
enum class InitialRule { constant, uniform, normal, truncated_normal };

struct Initial {
  InitialRule rule = InitialRule::constant;
  double scale = 0.0;

  static Initial zero() { return {InitialRule::constant, 0.0}; }
  static Initial one() { return {InitialRule::constant, 1.0}; }
  static Initial normal(double deviation) { return {InitialRule::normal, deviation}; }
  // Glorot and Bengio (2010): half-width sqrt(6 / (fan_in + fan_out)).
  static Initial xavier_uniform(double fan_in, double fan_out);
  // LeCun: variance 1 / fan_in.
  static Initial lecun_normal(double fan_in);
};

struct TensorSpec {
  std::string path;
  std::vector<std::int64_t> shape;
  Initial initial;
};

// Sorts by path components as text, depth first (the order in which flax flattens a tree: "layers_10" comes before "layers_2"); the
// parts <path>_re and <path>_im of a complex tensor stand where it would.
void sort_by_path(std::vector<TensorSpec>& specs);
ParameterLayout layout_of(const std::vector<TensorSpec>& specs);
// Element k of tensor s is a pure function of (key, s, k).
std::vector<double> initial_values(const std::vector<TensorSpec>& specs, RandomKey key);

}  // namespace qs

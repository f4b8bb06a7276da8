#include "engine/wavefunctions/tensor_spec.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string_view>

namespace qs {
namespace {

// Standard deviation of a unit normal restricted to [-2, 2].
constexpr double kTruncatedDeviation = 0.87962566103423978;

double uniform_draw(RandomKey key, std::uint32_t stream, std::uint64_t step) {
  const RandomWords words = random_words(key, stream, step, 0);
  return uniform01(words.word[0], words.word[1]);
}

// Box-Muller; `attempt` numbers independent draws for one element.
double normal_draw(RandomKey key, std::uint32_t stream, std::uint64_t step, std::uint32_t attempt) {
  const RandomWords words = random_words(key, stream, step, attempt);
  const double radius = std::sqrt(-2.0 * std::log1p(-uniform01(words.word[0], words.word[1])));
  return radius * std::cos(2.0 * std::numbers::pi * uniform01(words.word[2], words.word[3]));
}

// Rejection: a draw lies outside +-2 with probability 0.0455, so the loop ends after 1.05 draws on average.
double truncated_draw(RandomKey key, std::uint32_t stream, std::uint64_t step) {
  for (std::uint32_t attempt = 0;; ++attempt) {
    const double value = normal_draw(key, stream, step, attempt);
    if (std::abs(value) <= 2.0) return value / kTruncatedDeviation;
  }
}

double draw(Initial initial, RandomKey key, std::uint32_t stream, std::uint64_t step) {
  switch (initial.rule) {
    case InitialRule::constant:
      return initial.scale;
    case InitialRule::uniform:
      return initial.scale * (2.0 * uniform_draw(key, stream, step) - 1.0);
    case InitialRule::normal:
      return initial.scale * normal_draw(key, stream, step, 0);
    case InitialRule::truncated_normal:
      return initial.scale * truncated_draw(key, stream, step);
  }
  return std::numeric_limits<double>::quiet_NaN();
}

bool is_part(std::string_view path) { return path.ends_with("_re") || path.ends_with("_im"); }

// Components are compared one by one: the separator sorts before every other character. The parts of a complex tensor stand in its place, Re first.
bool path_less(std::string_view a, std::string_view b) {
  const auto tensor = [](std::string_view path) { return is_part(path) ? path.substr(0, path.size() - 3) : path; };
  if (tensor(a) == tensor(b)) return a.ends_with("_re") && b.ends_with("_im");
  const auto rank = [](char c) { return c == '/' ? 0 : static_cast<int>(static_cast<unsigned char>(c)); };
  const auto less = [&](char x, char y) { return rank(x) < rank(y); };
  return std::ranges::lexicographical_compare(tensor(a), tensor(b), less);
}

}  // namespace

Initial Initial::xavier_uniform(double fan_in, double fan_out) { return {InitialRule::uniform, std::sqrt(6.0 / (fan_in + fan_out))}; }

Initial Initial::lecun_normal(double fan_in) { return {InitialRule::truncated_normal, std::sqrt(1.0 / fan_in)}; }

void sort_by_path(std::vector<TensorSpec>& specs) {
  std::sort(specs.begin(), specs.end(), [](const TensorSpec& a, const TensorSpec& b) { return path_less(a.path, b.path); });
}

ParameterLayout layout_of(const std::vector<TensorSpec>& specs) {
  ParameterLayout layout;
  for (const TensorSpec& spec : specs) layout.add(spec.path, spec.shape);
  return layout;
}

std::vector<double> initial_values(const std::vector<TensorSpec>& specs, RandomKey key) {
  const ParameterLayout layout = layout_of(specs);
  std::vector<double> values(static_cast<std::size_t>(layout.total));
  for (std::size_t s = 0; s < specs.size(); ++s) {
    const ParameterSlice& slice = layout.slices[s];
    for (std::int64_t k = 0; k < slice.count; ++k) {
      values[slice.offset + k] = draw(specs[s].initial, key, static_cast<std::uint32_t>(s), static_cast<std::uint64_t>(k));
    }
  }
  return values;
}

}  // namespace qs

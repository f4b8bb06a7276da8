#include "engine/energy/lanczos_step.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/base/error.h"

namespace qs {
namespace {

using Complex = std::complex<double>;

constexpr double rounding_variance = 1e-11;  // in units of K^2, where that of other states is 1

// Moments of K in one half of the chains.
struct Moments {
  double weight = 0, first = 0, second = 0, third = 0;
  void add(double w, Complex u, Complex v) {
    weight += w;
    first += w * u.real();
    second += w * std::norm(u);
    third += w * (std::conj(u) * v).real();
  }
  Moments operator+(const Moments& o) const { return {weight + o.weight, first + o.first, second + o.second, third + o.third}; }
  LanczosStep step() const { return lanczos_step(first / weight, second / weight, third / weight); }
};

// Means over one half of the chains, of the state (c0 + c1 K) psi that the other half has found.
struct Half {
  LanczosStep step = {};
  double norm = 0, energy = 0, variance = 0, zeros = 0;

  double norm_at(Complex u) const { return std::norm(step.constant + step.linear * u); }
  // Re <psi'|K psi'> with every K psi on the side where it is an average over |psi|^2: c0^2 <u> + 2 c0 c1 <|u|^2> + c1^2 <u* v>.
  double energy_at(Complex u, Complex v) const {
    const double c0 = step.constant, c1 = step.linear;
    return c0 * c0 * u.real() + 2 * c0 * c1 * std::norm(u) + c1 * c1 * (std::conj(u) * v).real();
  }
  // |(K - energy) psi'|^2.
  double variance_at(Complex u, Complex v) const {
    return std::norm(step.linear * v + step.constant * u - energy * (step.constant + step.linear * u));
  }
};

class Halves {
 public:
  Halves(const SecondOrder& values, std::span<const double> weight, std::int64_t chains) : middle_(weight.size() / chains * (chains / 2)) {
    std::array<Moments, 2> moments;
    for (std::size_t i = 0; i < weight.size(); ++i) moments[number(i)].add(weight[i], values.first[i], values.second[i]);
    for (int h = 0; h < 2; ++h) halves_[h].step = moments[1 - h].step();
    step_of_all_ = (moments[0] + moments[1]).step();
    const auto mean = [&](double Half::*member, auto&& value) {
      for (std::size_t i = 0; i < weight.size(); ++i)
        halves_[number(i)].*member += weight[i] * value(halves_[number(i)], i) / moments[number(i)].weight;
    };
    mean(&Half::norm, [&](const Half& half, std::size_t i) { return half.norm_at(values.first[i]); });
    mean(&Half::zeros, [&](const Half& half, std::size_t i) { return half.step.linear * half.step.linear * values.onto_zeros[i]; });
    mean(&Half::energy, [&](const Half& half, std::size_t i) { return half.energy_at(values.first[i], values.second[i]) / half.norm; });
    mean(&Half::variance, [&](const Half& half, std::size_t i) { return half.variance_at(values.first[i], values.second[i]) / half.norm; });
  }
  const Half& of(std::size_t sample) const { return halves_[number(sample)]; }
  const LanczosStep& step_of_all() const { return step_of_all_; }

 private:
  int number(std::size_t sample) const { return sample < middle_ ? 0 : 1; }

  std::size_t middle_;  // samples of the first half
  std::array<Half, 2> halves_;
  LanczosStep step_of_all_;
};

}  // namespace

double LanczosStep::alpha(const EnergyScale& scale) const {
  const double per_energy = linear / scale.scale;
  return per_energy / (constant - per_energy * scale.energy);
}

LanczosStep lanczos_step(double first, double second, double third) {
  LanczosStep step{.energy = first};
  const double variance = second - first * first;
  if (!(variance > rounding_variance)) return step;
  const double s = std::sqrt(variance);
  step.mu = (third - 3 * first * second + 2 * first * first * first) / (variance * s);
  const double root = std::sqrt(step.mu * step.mu + 4);
  step.x = step.mu > 0 ? -2 / (step.mu + root) : (step.mu - root) / 2;
  step.energy = first + s * step.x;
  step.linear = step.x / s;
  step.constant = 1 - step.linear * first;
  return step;
}

EnergyScale energy_scale(double energy, double variance) {
  const double s = std::sqrt(variance);
  return {.energy = energy, .scale = s > eigenstate_spread * std::abs(energy) ? s : std::max(1.0, std::abs(energy))};
}

SampledStep sampled_step(const SecondOrder& values, std::span<const double> weight, std::int64_t chains) {
  QS_ASSERT(chains >= 2 && values.first.size() == weight.size());
  const Halves halves(values, weight, chains);
  SampledStep result{.step = halves.step_of_all(), .energies = {}, .variance_residuals = {}};
  double norm = 0, square = 0;
  for (std::size_t i = 0; i < weight.size(); ++i) {
    const Complex u = values.first[i], v = values.second[i];
    const Half& half = halves.of(i);
    const double here = half.norm_at(u);
    result.energies.emplace_back(half.energy + (half.energy_at(u, v) - half.energy * here) / half.norm);
    result.variance_residuals.push_back((half.variance_at(u, v) - half.variance * here) / half.norm);
    result.variance += weight[i] * half.variance;
    result.zeros += weight[i] * half.zeros / (half.norm + half.zeros);
    norm += weight[i] * here;
    square += weight[i] * here * here;
  }
  result.effective = norm * norm / square;
  return result;
}

}  // namespace qs

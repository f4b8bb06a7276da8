#include "hamiltonians/term_coefficients.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "engine/base/error.h"
#include "engine/base/random.h"

namespace qs {

namespace {

constexpr std::uint32_t kDisorderStage = 0xD15;  // of RandomKey: far above the stages of a run, so that chains see other numbers

std::uint64_t fnv1a(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

double angle_at(const Lattice& lattice, const Placement& place, const std::array<double, 3>& q, double phase) {
  const auto r = lattice.position(place.sites[0]);
  double turns = 0;
  for (std::size_t i = 0; i < r.size(); ++i) turns += q[i] * r[i];
  return 2 * std::numbers::pi * turns + phase;
}

std::complex<double> value_at(const Coefficient& coefficient, const Lattice& lattice, const std::vector<Placement>& places, std::size_t p,
                              const std::string& name) {
  if (const auto* constant = std::get_if<ConstantValue>(&coefficient)) return constant->value;
  if (const auto* list = std::get_if<ValueList>(&coefficient)) return list->values[p];
  if (const auto* wave = std::get_if<Cosine>(&coefficient)) return wave->amplitude * std::cos(angle_at(lattice, places[p], wave->q, wave->phase));
  if (const auto* wave = std::get_if<PlaneWave>(&coefficient)) {
    return wave->amplitude * phase_factor(angle_at(lattice, places[p], wave->q, wave->phase));
  }
  const RandomField& field = std::get<RandomField>(coefficient);
  QS_ASSERT(field.seed.has_value());
  return random_field_value(field, *field.seed, name, static_cast<std::uint32_t>(p));
}

}  // namespace

std::complex<double> phase_factor(double angle) {
  const double quarters = angle / (std::numbers::pi / 2);
  const double nearest = std::round(quarters);
  if (std::abs(quarters - nearest) > 1e-12) return std::polar(1.0, angle);
  constexpr std::array<std::complex<double>, 4> exact = {{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}};
  return exact[static_cast<std::size_t>(std::fmod(nearest, 4) + 4) % 4];
}

double random_field_value(const RandomField& field, std::uint64_t seed, const std::string& name, std::uint32_t p) {
  const RandomWords words = random_words({seed, kDisorderStage}, p, fnv1a(name), 0);
  const double u = uniform01(words.word[0], words.word[1]);
  switch (field.distribution) {
    case Distribution::uniform:
      return field.width * (2 * u - 1);
    case Distribution::binary:
      return u < 0.5 ? -field.width : field.width;
    case Distribution::normal:  // Box-Muller; 1 - u lies in (0, 1]
      return field.width * std::sqrt(-2 * std::log(1 - u)) * std::cos(2 * std::numbers::pi * uniform01(words.word[2], words.word[3]));
  }
  return 0;
}

std::vector<std::complex<double>> coefficient_values(const Coefficient& coefficient, const Lattice& lattice, const std::vector<Placement>& places,
                                                     const std::string& name) {
  if (const auto* list = std::get_if<ValueList>(&coefficient); list && list->values.size() != places.size()) {
    throw InputError(fmt::format("{} values for {} places to act on: give one value for each, in their order", list->values.size(), places.size()));
  }
  std::vector<std::complex<double>> values;
  for (std::size_t p = 0; p < places.size(); ++p) {
    values.push_back(value_at(coefficient, lattice, places, p, name));
    if (!std::isfinite(std::abs(values.back()))) throw InputError(fmt::format("the number at place {} is not finite", p));
  }
  return values;
}

}  // namespace qs

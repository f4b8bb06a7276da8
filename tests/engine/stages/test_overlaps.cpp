#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/stages/pretrain_stage.h"

namespace {

using qs::Amplitudes;
using Complex = std::complex<double>;

std::vector<Complex> logarithms(const std::vector<Complex>& psi) {
  std::vector<Complex> out;
  for (const Complex& value : psi) out.push_back(std::log(value));
  return out;
}

const Amplitudes target = {Complex(0.6, 0.0), Complex(0.0, 0.48), Complex(-0.64, 0.0)};

TEST(Overlaps, OfAStateWithItselfIsOneWhateverItsNormAndPhase) {
  for (const Complex factor : {Complex(1, 0), Complex(0, 1e-30), Complex(-3e40, 2e40)}) {
    std::vector<Complex> psi;
    for (const Complex& value : target) psi.push_back(factor * value);

    const qs::Overlaps overlaps = qs::exact_overlaps(logarithms(psi), {target});

    EXPECT_NEAR(overlaps.mean, 1, 1e-14);
    EXPECT_NEAR(overlaps.loss, 0, 1e-14);
  }
}

TEST(Overlaps, AgreeWithTheScalarProductOfTwoProblems) {
  const std::vector<Complex> first = {Complex(1, 1), Complex(2, 0), Complex(0, -1)}, second = {Complex(0.3, 0), Complex(0, 0.1), Complex(1, 0.5)};
  std::vector<Complex> both = first;
  both.insert(both.end(), second.begin(), second.end());
  const auto expected = [](const std::vector<Complex>& psi) {
    Complex product = 0;
    double norm = 0;
    for (std::size_t i = 0; i < psi.size(); ++i) {
      product += std::conj(psi[i]) * target[i];
      norm += std::norm(psi[i]);
    }
    return std::abs(product) / std::sqrt(norm);
  };

  const qs::Overlaps overlaps = qs::exact_overlaps(logarithms(both), {target, target});

  EXPECT_NEAR(overlaps.modulus[0], expected(first), 1e-14);
  EXPECT_NEAR(overlaps.modulus[1], expected(second), 1e-14);
  EXPECT_NEAR(overlaps.minimum, std::min(expected(first), expected(second)), 1e-14);
  EXPECT_NEAR(overlaps.loss, 1 - (std::pow(expected(first), 2) + std::pow(expected(second), 2)) / 2, 1e-14);
}

TEST(Overlaps, TakeAnAmplitudeThatIsExactlyZero) {
  const double minus_infinity = -std::numeric_limits<double>::infinity();

  const qs::Overlaps overlaps = qs::exact_overlaps({std::log(target[0]), Complex(minus_infinity, 0), std::log(target[2])}, {target});

  EXPECT_NEAR(overlaps.mean, std::sqrt(0.36 + 0.64 * 0.64), 1e-14);
}

}  // namespace

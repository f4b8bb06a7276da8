#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/wavefunctions/cnn.h"
#include "tests/engine/wavefunctions/fixtures.h"

namespace qs {
namespace {

using namespace qs::test;

// Every row moved by one step along an axis.
ConfigurationBatch moved(const ConfigurationBatch& batch, const std::vector<std::int32_t>& step) {
  const int sites = static_cast<int>(step.size());
  ConfigurationBatch result(batch.modes, batch.rows());
  result.problem = batch.problem;
  for (std::int64_t r = 0; r < batch.rows(); ++r) {
    for (int m = 0; m < batch.modes; ++m) {
      if (test_bit(batch.row(r), m)) flip_bit(result.row(r), m / sites * sites + step[m % sites]);
    }
  }
  return result;
}

TEST(Cnn, DoesNotChangeUnderTranslations) {
  for (const char* name : {"CnnSquare", "CnnSpinfulTwoSitesPerCell", "CnnTiltedTorus", "CnnCube", "JastrowTiltedTorus"}) {
    const Case c = case_named(name);
    const auto psi = make(c);
    psi->set_parameters(noisy_parameters(*psi));
    const ConfigurationBatch batch = random_batch(c.input, 6);
    const auto here = log_psi(*psi, batch);
    for (const auto& step : c.input.translations) EXPECT_LE(max_difference(log_psi(*psi, moved(batch, step)), here), 1e-11) << name;
  }
}

// (k^2 i + 1) c + layers (2 c + 2 (k^2 c + 1) c) + 2 c + parts ((c + 1) c + 2 c), i inputs per cell.
TEST(Cnn, CountsItsParameters) {
  const auto count = [](CnnOptions options, const NetworkInput& input) { return make({"", std::move(options), input})->layout().total; };
  const NetworkInput j2 = with_features(spins_on({4, 4}), {"J2"}, {{0.5}});

  EXPECT_EQ(count({.layers = 2, .channels = 16, .kernel = 3}, spins_on({4, 4})), 160 + 2 * (32 + 2 * 2320) + 32 + 2 * (272 + 32));
  EXPECT_EQ(count({.layers = 1, .channels = 8, .kernel = 3, .amplitude = CnnAmplitude::real, .couplings = {"J2"}}, j2),
            19 * 8 + 16 + 2 * 73 * 8 + 16 + 72 + 16);
}

TEST(Cnn, RefusesLatticesWithEndsAndEvenKernels) {
  const auto refusal = [](int kernel, const NetworkInput& input) {
    try {
      make({"", CnnOptions{.kernel = kernel}, input});
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  NetworkInput graph = spins_on({6});
  graph.translations.clear();

  EXPECT_THAT(refusal(3, without_first_translation(spins_on({3, 2}))), testing::HasSubstr("wavefunction.kind cnn treats all cells alike"));
  EXPECT_THAT(refusal(3, graph), testing::HasSubstr("is a graph"));
  EXPECT_THAT(refusal(4, spins_on({6})), testing::HasSubstr("wavefunction.kernel 4 is even"));
}

TEST(Cnn, TellsItsTranslationsWhereTheLatticeHasAxes) {
  EXPECT_EQ(invariant_translations(CnnOptions{}, spins_on({4, 6})), (std::vector<int>{1, 1}));
  EXPECT_EQ(invariant_translations(CnnOptions{}, spins_on_tilted_torus()), std::vector<int>{});
}

}  // namespace
}  // namespace qs

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "engine/base/error.h"
#include "engine/wavefunctions/pair_features.h"
#include "tests/engine/wavefunctions/fixtures.h"

namespace qs {
namespace {

using namespace qs::test;

std::unique_ptr<Wavefunction> foundation_on(const NetworkInput& input, FoundationOptions options = {}) { return make({"", options, input}); }

const FoundationOptions with_sublattices{.layers = 2, .d_model = 8, .heads = 2, .mlp = 8, .sites = FoundationSites::sublattices, .couplings = {}};

double value(const Basis& basis, int function, int site_class) {
  return basis.values[static_cast<std::size_t>(function) * basis.classes() + site_class];
}

// Row r of the batch with site s carried to image[s].
ConfigurationBatch carried(const ConfigurationBatch& batch, const std::vector<std::int32_t>& image) {
  ConfigurationBatch out(batch.modes, batch.rows());
  out.problem = batch.problem;
  for (std::int64_t r = 0; r < batch.rows(); ++r)
    for (int s = 0; s < batch.modes; ++s)
      if (test_bit(batch.row(r), s)) flip_bit(out.row(r), image[s]);
  return out;
}

// On a ring the sum of q^|r + n L| over all n is (q^r + q^(L - r)) / (1 - q^L), and the chord is L/pi sin(pi r/L).
TEST(PairFeatures, OfARingHaveClosedFormulas) {
  const int L = 10;
  const PairFeatures pairs = pair_features(placed(spins_on({L})), "");

  ASSERT_EQ(pairs.kernels.functions, 9);
  ASSERT_EQ(pairs.correlations.functions, 7);
  EXPECT_EQ(pairs.classes, 6);
  for (int r = 1; r < L; ++r) {
    const int c = pairs.index[r];
    const double sign = r % 2 ? -1 : 1, chord = L / std::numbers::pi * std::sin(std::numbers::pi * r / L);
    for (int k = 0; k < 3; ++k) {
      const double q = std::array{0.25, 0.5, 0.7}[k], images = (std::pow(q, r) + std::pow(q, L - r)) / (1 - std::pow(q, L));
      EXPECT_EQ(value(pairs.kernels, k, c), std::min(r, L - r) == k) << r;
      EXPECT_NEAR(value(pairs.kernels, 3 + k, c), images, 1e-11) << r;
      EXPECT_NEAR(value(pairs.kernels, 6 + k, c), sign * images, 1e-11) << r;
    }
    const std::vector expected = {std::log(chord), 1 / chord, 1 / chord / chord, sign / chord, sign / chord / chord};
    for (int m = 0; m < 5; ++m) EXPECT_NEAR(2 * value(pairs.correlations, m, c), expected[m], 1e-12) << r;
  }
}

// Positions wind around the torus as they like: what counts is where the images are.
TEST(PairFeatures, KnowNoDirectionAndNoUnit) {
  NetworkInput shifted = placed(spins_on({4, 6}));
  for (Vector3& place : shifted.positions) place = {-3 * place[1] + 40, 3 * place[0] - 7, 5};
  for (Vector3& period : shifted.periods) period = {-3 * period[1], 3 * period[0], 0};
  const PairFeatures a = pair_features(placed(spins_on({4, 6})), ""), b = pair_features(shifted, "");

  EXPECT_EQ(a.index, b.index);
  EXPECT_LT(max_difference(a.kernels.values, b.kernels.values), 1e-11);
  EXPECT_LT(max_difference(a.correlations.values, b.correlations.values), 1e-11);
}

TEST(Foundation, HasAsManyParametersOnEverySize) {
  const std::int64_t ring = foundation_on(placed(spins_on({8})))->layout().total;
  EXPECT_EQ(foundation_on(placed(spins_on({32})))->layout().total, ring);
  const std::int64_t square = foundation_on(placed(spins_on({4, 4})))->layout().total;
  EXPECT_EQ(foundation_on(placed(spins_on({6, 8})))->layout().total, square);
  EXPECT_EQ(foundation_on(placed_on_tilted_torus())->layout().total, square);
}

// Translations and rotations of the torus, with the sublattices where those are told apart.
TEST(Foundation, IsInvariantUnderTheGroupOfTheLattice) {
  const NetworkInput input = placed(spins_on({4, 4}));
  const auto psi = foundation_on(input);
  psi->set_parameters(noisy_parameters(*psi));
  const ConfigurationBatch batch = random_batch(input, 11);
  std::vector<std::int32_t> quarter_turn;  // (x, y) -> (-y, x)
  for (int s = 0; s < 16; ++s) quarter_turn.push_back((4 - s % 4) % 4 * 4 + s / 4);
  const auto found = log_psi(*psi, batch);

  EXPECT_LT(max_difference(log_psi(*psi, carried(batch, input.translations[0])), found), 1e-12);
  EXPECT_LT(max_difference(log_psi(*psi, carried(batch, quarter_turn)), found), 1e-12);

  const auto staggered = foundation_on(input, with_sublattices);
  staggered->set_parameters(noisy_parameters(*staggered));
  const auto before = log_psi(*staggered, batch);
  const ConfigurationBatch once = carried(batch, input.translations[0]);
  EXPECT_GT(max_difference(log_psi(*staggered, once), before), 1e-3);
  EXPECT_LT(max_difference(log_psi(*staggered, carried(once, input.translations[1])), before), 1e-12);
}

// log psi of a configuration of six sites that repeats itself on a longer ring: images of the small ring are the sites of the large one, so every
// site sees the same, and log psi grows by the same for each repetition, from a first term that does not grow. The two-body factor has the chord of
// its own ring and is left out. To the epsilon of the norm before the bounded term.
TEST(Foundation, IsExtensiveButForABoundedTerm) {
  const ConfigurationBatch batch = random_batch(placed(spins_on({6})), 9);
  std::vector<std::vector<std::complex<double>>> found;  // by repetitions
  std::vector<double> parameters;
  for (const int times : {1, 2, 3}) {
    const auto psi = foundation_on(placed(spins_on({6 * times})), with_sublattices);
    if (times == 1) parameters = noisy_parameters(*psi);
    const ParameterSlice& linear = *psi->layout().find("Pairs_0/linear");
    std::fill_n(parameters.begin() + linear.offset, linear.count, 0.0);
    psi->set_parameters(parameters);
    ConfigurationBatch repeated(6 * times, 9);
    for (int r = 0; r < 9; ++r)
      for (int s = 0; s < 6 * times; ++s)
        if (test_bit(batch.row(r), s % 6)) flip_bit(repeated.row(r), s);
    found.push_back(log_psi(*psi, repeated));
  }

  for (int r = 0; r < 9; ++r) {
    EXPECT_LT(std::abs(found[2][r] - 2.0 * found[1][r] + found[0][r]), 1e-7) << r;
    EXPECT_GT(std::abs(found[1][r] - 2.0 * found[0][r]), 1e-6) << r;
  }
}

// The ground state of the Haldane-Shastry ring, prod over pairs of up spins of D^2, is the two-body factor with J = 1/2 on ln D alone
// (Haldane, PRL 60, 635), but for a constant at each magnetisation.
TEST(Foundation, HoldsTheHaldaneShastryState) {
  const NetworkInput ring = placed(spins_on({8}));
  const auto psi = foundation_on(ring);
  std::vector<double> parameters(psi->layout().total);
  parameters[psi->layout().find("Pairs_0/linear")->offset] = 0.5;
  psi->set_parameters(parameters);
  ConfigurationBatch batch(8, 0);
  std::vector<double> expected;
  for (Word bits = 0; bits < 256; ++bits) {
    if (std::popcount(bits) != 4) continue;
    batch.push_back(&bits, 0);
    expected.push_back(0);
    for (int i = 0; i < 8; ++i)
      for (int j = i + 1; j < 8; ++j)
        if ((bits >> i & 1) && (bits >> j & 1)) expected.back() += 2 * std::log(std::sin(std::numbers::pi * (j - i) / 8));
  }

  const auto found = log_psi(*psi, batch);

  for (std::size_t r = 0; r < expected.size(); ++r) EXPECT_NEAR(found[r].real() - found[0].real(), expected[r] - expected[0], 1e-10) << r;
}

TEST(Foundation, RefusesWhatItCannotTellApart) {
  const auto refusal = [](const NetworkInput& input, const FoundationOptions& options) -> std::string {
    try {
      foundation_on(input, options);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(refusal(spins_on({6}), {}), testing::HasSubstr("graph without positions"));
  EXPECT_THAT(refusal(without_first_translation(placed(spins_on({3, 2}))), {}), testing::HasSubstr("close the lattice"));
  EXPECT_THAT(refusal(placed(spinful(spins_on({4}))), {}), testing::HasSubstr("use qstage"));
  EXPECT_THAT(refusal(placed(spins_on({5})), with_sublattices), testing::HasSubstr("two colours"));
}

}  // namespace
}  // namespace qs

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <utility>

#include "engine/base/error.h"
#include "engine/wavefunctions/patches.h"
#include "tests/engine/wavefunctions/fixtures.h"

namespace qs {
namespace {

using namespace qs::test;

// Site (x, y) = x Ly + y goes to patch (x div bx)(Ly/by) + (y div by), entry (x mod bx) by + (y mod by).
TEST(Patches, FollowTheFormulaOnASquareLattice) {
  const int lx = 4, ly = 6, bx = 2, by = 3;

  const Patches patches = make_patches(spins_on({lx, ly}), {bx, by});

  ASSERT_EQ(patches.tokens, 4);
  ASSERT_EQ(patches.entries, 6);
  for (int x = 0; x < lx; ++x) {
    for (int y = 0; y < ly; ++y) {
      const int patch = x / bx * (ly / by) + y / by;
      EXPECT_EQ(patches.modes[patch * 6 + x % bx * by + y % by], x * ly + y);
    }
  }
}

// Token (i, j) to (k, l): ((k - i) mod mx) my + (l - j) mod my.
TEST(Patches, DisplacementsArePeriodic) {
  const Patches patches = make_patches(spins_on({4, 6}), {2, 2});

  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 3; ++j) {
      for (int k = 0; k < 2; ++k) {
        for (int l = 0; l < 3; ++l) EXPECT_EQ(patches.displacement[(i * 3 + j) * 6 + k * 3 + l], (k - i + 2) % 2 * 3 + (l - j + 3) % 3);
      }
    }
  }
}

TEST(Patches, HoldAllSitesOfACellAndBothSpins) {
  const Patches patches = make_patches(spinful(spins_on({4}, 2)), {2});

  ASSERT_EQ(patches.tokens, 2);
  EXPECT_THAT(patches.modes, testing::ElementsAre(0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15));
}

// Two sites per cell, two spins: pairs of modes have the same number if and only if a translation maps one onto the other.
TEST(ModeDisplacements, NumberThePairsUpToTranslations) {
  const NetworkInput input = spinful(spins_on({2, 3}, 2));
  const ModeDisplacements displacements = mode_displacements(input);
  const auto moved = [](int mode, int dx, int dy) {
    const int spin = mode / 12, x = mode % 12 / 6, y = mode % 6 / 2, site = mode % 2;
    return spin * 12 + (x + dx) % 2 * 6 + (y + dy) % 3 * 2 + site;
  };
  const auto number = [&](int p, int q) { return displacements.index[static_cast<std::size_t>(p) * 24 + q]; };
  std::set<int> numbers;
  for (int p = 0; p < 24; ++p) {
    for (int q = 0; q < 24; ++q) {
      std::set<std::pair<int, int>> same;
      for (int dx = 0; dx < 2; ++dx) {
        for (int dy = 0; dy < 3; ++dy) {
          same.insert({moved(p, dx, dy), moved(q, dx, dy)});
          EXPECT_EQ(number(moved(p, dx, dy), moved(q, dx, dy)), number(p, q));
        }
      }
      EXPECT_EQ(same.size(), 6u);
      numbers.insert(number(p, q));
    }
  }
  // 24 x 24 pairs in classes of 6, so equal numbers elsewhere would leave numbers unused.
  EXPECT_EQ(numbers.size(), 96u);
  EXPECT_EQ(displacements.count, 96);
  EXPECT_EQ(*numbers.begin(), 0);
  EXPECT_EQ(*numbers.rbegin(), 95);
}

// Without positions, factored attention and a sum over tokens do not see a translation; it permutes the modes of both spins alike.
TEST(ModeDisplacements, TranslationLeavesTheFactoredQstageUnchanged) {
  const Case c = case_named("QstageFactoredSpinful");
  const auto psi = make(c);
  std::vector<double> parameters = noisy_parameters(*psi);
  const ParameterSlice* positions = psi->layout().find("pos_emb");
  std::fill_n(parameters.begin() + positions->offset, positions->count, 0.0);
  psi->set_parameters(parameters);
  const ConfigurationBatch batch = random_batch(c.input, 8);
  ConfigurationBatch moved(batch.modes, batch.rows());
  moved.problem = batch.problem;
  for (std::int64_t r = 0; r < batch.rows(); ++r) {
    for (int m = 0; m < 6; ++m) {
      if (test_bit(batch.row(r), m)) flip_bit(moved.row(r), m / 3 * 3 + (m + 1) % 3);
    }
  }

  const auto here = log_psi(*psi, batch), there = log_psi(*psi, moved);

  for (std::int64_t r = 0; r < batch.rows(); ++r) EXPECT_LT(std::abs(here[r] - there[r]), 1e-12) << r;
}

// Shifting every site by one patch permutes the tokens, which the factored attention and the sum over tokens do not see.
TEST(Patches, TranslationByOnePatchLeavesTheVitUnchanged) {
  const Case c = case_named("VitSquare");
  const auto psi = make(c);
  psi->set_parameters(noisy_parameters(*psi));
  const ConfigurationBatch batch = random_batch(c.input, 6);
  ConfigurationBatch moved(batch.modes, batch.rows());
  for (std::int64_t r = 0; r < batch.rows(); ++r) {
    for (int s = 0; s < 24; ++s) {
      const int x = s / 6, y = s % 6;
      if (test_bit(batch.row(r), s)) flip_bit(moved.row(r), (x + 2) % 4 * 6 + (y + 4) % 6);
    }
  }

  const auto before = log_psi(*psi, batch);
  const auto after = log_psi(*psi, moved);

  EXPECT_LE(max_difference(before, after), 1e-12);
}

TEST(Patches, NeedALatticeThatClosesAlongItsAxes) {
  const NetworkInput tilted{.modes = 10, .sites = 10, .lattice_size = {}, .basis = 1, .feature_names = {}, .features = {{}}};
  EXPECT_THROW(make_patches(tilted, {2, 2}), InputError);
  EXPECT_THROW(mode_displacements(tilted), InputError);
}

// By orbits as by arithmetic, up to the names of the classes.
TEST(TranslationClasses, AreTheDisplacementsOfAnUntiltedTorus) {
  const NetworkInput input = spinful(spins_on({2, 3}, 2));
  const ModeDisplacements known = mode_displacements(input), found = translation_classes(input);

  std::set<std::pair<int, int>> names;
  for (std::size_t k = 0; k < known.index.size(); ++k) names.insert({known.index[k], found.index[k]});
  EXPECT_EQ(found.count, known.count);
  EXPECT_EQ(names.size(), static_cast<std::size_t>(known.count));
}

TEST(TranslationClasses, OfATiltedTorusAreItsCells) {
  const ModeDisplacements classes = mode_displacements(spins_on_tilted_torus());

  EXPECT_EQ(classes.count, 10);
  for (int p = 0; p < 10; ++p) {
    for (int q = 0; q < 10; ++q) EXPECT_EQ(classes.index[p * 10 + q], (q - p + 10) % 10);
  }
}

TEST(TranslationClasses, KeepPairsApartThatNothingMapsOnEachOther) {
  NetworkInput graph = spins_on({4});
  graph.translations.clear();

  EXPECT_EQ(translation_classes(graph).count, 16);
  EXPECT_EQ(translation_classes(without_first_translation(spins_on({3, 2}))).count, 18);  // 36 pairs, in twos
  EXPECT_THROW(require_torus(graph, "it"), InputError);
  EXPECT_THROW(require_torus(without_first_translation(spins_on({3, 2})), "it"), InputError);
  EXPECT_NO_THROW(require_torus(spins_on_tilted_torus(), "it"));
}

// Around cell (x, y): (x - 1, y - 1), (x - 1, y), ...
TEST(Neighbourhoods, FollowTheFormulaOnASquareLattice) {
  const Neighbourhood square = neighbourhood(spins_on({4, 5}, 2), 3);

  ASSERT_EQ(square.cells, 20);
  ASSERT_EQ(square.offsets, 9);
  for (int c = 0; c < 20; ++c) {
    for (int k = 0; k < 9; ++k) EXPECT_EQ(square.index[c * 9 + k], (c / 5 + k / 3 + 3) % 4 * 5 + (c % 5 + k % 3 + 4) % 5);
  }
}

TEST(Neighbourhoods, OfATiltedTorusLieOppositeInPairs) {
  const Neighbourhood tilted = neighbourhood(spins_on_tilted_torus(), 3);

  for (int c = 0; c < 10; ++c) {
    for (int k = 0; k < 9; ++k) {
      EXPECT_EQ(tilted.index[c * 9 + k], (c + (k / 3 - 1) + 7 * (k % 3 - 1) + 10) % 10);
      EXPECT_EQ(tilted.index[tilted.index[c * 9 + k] * 9 + 8 - k], c);
    }
  }
}

// The first patch of a 2x2x4 lattice cut into patches of 1x2x2: cells (0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1).
TEST(Patches, TileThreeDimensionalLattices) {
  const NetworkInput cubic{.modes = 16, .sites = 16, .lattice_size = {2, 2, 4}, .basis = 1, .feature_names = {}, .features = {{}}};
  const Patches patches = make_patches(cubic, {1, 2, 2});
  EXPECT_EQ(patches.tokens, 4);
  EXPECT_EQ(std::vector<std::int32_t>(patches.modes.begin(), patches.modes.begin() + 4), (std::vector<std::int32_t>{0, 1, 4, 5}));
}

}  // namespace
}  // namespace qs

// Options read back from the tensors of a network.
#include <gtest/gtest.h>

#include "engine/wavefunctions/guess_options.h"
#include "engine/wavefunctions/qstage.h"
#include "engine/wavefunctions/rbm.h"
#include "engine/wavefunctions/vit.h"
#include "tests/engine/wavefunctions/fixtures.h"

namespace qs {
namespace {

using namespace qs::test;

ParameterLayout layout_of_case(const Case& c) { return make(c)->layout(); }

ParameterLayout without(const ParameterLayout& layout, const std::string& path) {
  ParameterLayout rest;
  for (const ParameterSlice& slice : layout.slices) {
    if (slice.path != path) rest.add(slice.path, slice.shape);
  }
  return rest;
}

ParameterLayout reshaped(const ParameterLayout& layout, const std::string& path, const std::vector<std::int64_t>& shape) {
  ParameterLayout changed;
  for (const ParameterSlice& slice : layout.slices) changed.add(slice.path, slice.path == path ? shape : slice.shape);
  return changed;
}

// What a file cannot tell, filled in from the case, after checking that the sizes agree.
WavefunctionOptions completed(const WavefunctionOptions& found, const WavefunctionOptions& truth) {
  if (const auto* qstage = truth.get_if<QstageOptions>()) {
    QstageOptions guess = found.get<QstageOptions>();
    EXPECT_EQ(guess.tails.size(), qstage->tails.size());
    for (std::size_t k = 0; k < qstage->tails.size(); ++k) EXPECT_EQ(guess.tails.at(k).size(), qstage->tails[k].size());
    guess.tails = qstage->tails;
    guess.start = qstage->start;
    return guess;
  }
  if (const auto* vit = truth.get_if<VitOptions>()) {
    VitOptions guess = found.get<VitOptions>();
    guess.patch = vit->patch;
    guess.couplings = vit->couplings;
    return guess;
  }
  if (const auto* cnn = truth.get_if<CnnOptions>()) {
    CnnOptions guess = found.get<CnnOptions>();
    guess.couplings = cnn->couplings;
    return guess;
  }
  if (const auto* foundation = truth.get_if<FoundationOptions>()) {
    FoundationOptions guess = found.get<FoundationOptions>();
    guess.couplings = foundation->couplings;
    return guess;
  }
  return found;
}

TEST(GuessOptions, GivesOptionsThatMakeTheSameTensors) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    const ParameterLayout layout = layout_of_case(c);

    const auto guess = guess_options(layout);

    ASSERT_TRUE(guess.has_value());
    ASSERT_EQ(&guess->options.entry(), &c.options.entry());
    Case again = c;
    again.options = completed(guess->options, c.options);
    const ParameterLayout rebuilt = layout_of_case(again);
    ASSERT_EQ(rebuilt.slices.size(), layout.slices.size());
    for (std::size_t s = 0; s < layout.slices.size(); ++s) {
      EXPECT_EQ(rebuilt.slices[s].path, layout.slices[s].path);
      EXPECT_EQ(rebuilt.slices[s].shape, layout.slices[s].shape);
    }
  }
}

TEST(GuessOptions, CountsModesFeaturesTokensAndEntries) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    const auto guess = guess_options(layout_of_case(c));
    ASSERT_TRUE(guess.has_value());

    if (const auto* vit = c.options.get_if<VitOptions>()) {
      EXPECT_EQ(guess->tokens * (guess->patch_entries - static_cast<int>(vit->couplings.size())), c.input.modes);
    } else {
      const bool told = c.options.get_if<QstageOptions>() || c.options.get_if<RbmOptions>();
      EXPECT_EQ(guess->modes, told ? c.input.modes : 0);
    }
    const auto* qstage = c.options.get_if<QstageOptions>();
    const bool all_read =
        qstage && (qstage->depth >= 2 || qstage->conditioning == Conditioning::blocks || qstage->amplitude == Amplitude::determinant);
    EXPECT_EQ(guess->features, all_read ? static_cast<int>(c.input.feature_names.size()) : 0);
  }
}

TEST(GuessOptions, TakesASquarePatchWhereThereIsOne) {
  const auto patch_of = [](int entries) {
    ParameterLayout layout;
    layout.add("Embed_0/embed/kernel", {entries, 6});
    layout.add("Encoder_0/layers_0/attn/alpha", {3, 4});
    return guess_options(layout)->options.get<VitOptions>().patch;
  };

  EXPECT_EQ(patch_of(4), (std::vector<int>{2, 2}));
  EXPECT_EQ(patch_of(9), (std::vector<int>{3, 3}));
  EXPECT_EQ(patch_of(6), (std::vector<int>{6}));
  EXPECT_EQ(patch_of(500000003), (std::vector<int>{500000003}));
}

TEST(GuessOptions, KnowsTheNamesOfTheFirstDraftOfTheTutorial) {
  ParameterLayout layout;
  layout.add("patches_and_embed/embed/kernel", {4, 12});
  layout.add("encoder/layers_0/attn/alpha", {3, 4});
  layout.add("encoder/layers_1/attn/alpha", {3, 4});

  const auto guess = guess_options(layout);

  ASSERT_TRUE(guess.has_value());
  EXPECT_EQ(guess->options.get<VitOptions>().layers, 2);
  EXPECT_EQ(guess->modes, 16);
}

TEST(GuessOptions, SaysNothingAboutTensorsOfAnotherKind) {
  ParameterLayout other;
  other.add("Dense/kernel", {16, 33});  // 33 hidden units are no multiple of 16
  other.add("visible_bias", {16});

  EXPECT_FALSE(guess_options(ParameterLayout{}).has_value());
  EXPECT_FALSE(guess_options(other).has_value());
}

TEST(GuessOptions, SaysNothingIfATensorThatCarriesASizeIsMissingOrMisshapen) {
  const ParameterLayout qstage = layout_of_case(case_named("QstageOneTail")), vit = layout_of_case(case_named("VitSquare")),
                        rbm = layout_of_case(case_named("RbmReal"));

  EXPECT_FALSE(guess_options(without(qstage, "pos_emb")).has_value());
  EXPECT_FALSE(guess_options(without(qstage, "Dense_1/kernel")).has_value());
  EXPECT_FALSE(guess_options(reshaped(qstage, "pos_emb", {6, 6})).has_value());
  EXPECT_FALSE(guess_options(reshaped(qstage, "pos_emb", {1, 6, 7})).has_value());
  EXPECT_FALSE(guess_options(without(vit, "Embed_0/embed/kernel")).has_value());
  EXPECT_FALSE(guess_options(reshaped(vit, "Encoder_0/layers_0/attn/alpha", {3, 2, 4})).has_value());
  EXPECT_FALSE(guess_options(reshaped(vit, "Embed_0/embed/kernel", {std::int64_t{1} << 40, 0})).has_value());
  EXPECT_FALSE(guess_options(without(rbm, "visible_bias")).has_value());
  EXPECT_FALSE(guess_options(reshaped(rbm, "Dense/kernel", {0, 14})).has_value());
}

}  // namespace
}  // namespace qs

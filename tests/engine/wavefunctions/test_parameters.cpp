// Tensor names, shapes, order, counts and initial values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/wavefunctions/qstage.h"
#include "engine/wavefunctions/rbm.h"
#include "engine/wavefunctions/tensor_spec.h"
#include "engine/wavefunctions/vit.h"
#include "tests/engine/wavefunctions/fixtures.h"

namespace qs {
namespace {

using namespace qs::test;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> paths_of(const ParameterLayout& layout) {
  std::vector<std::string> paths;
  for (const ParameterSlice& slice : layout.slices) paths.push_back(slice.path);
  return paths;
}

std::int64_t count(const WavefunctionOptions& options, const NetworkInput& input) { return make({"", options, input})->layout().total; }

QstageOptions published(int depth, int width, int heads, int mlp, std::vector<std::vector<std::string>> tails) {
  return {.depth = depth, .d_model = width, .heads = heads, .mlp = mlp, .tails = std::move(tails)};
}

// 2D + LD + depth(4D^2 + 9D + 2DF + F) + 4D(D+1) + 4D + sum_tails (c+1)D + (L+n)DF + F + FD + D + 2D + 2D + 2 for the five published files.
TEST(QstageParameters, HavePublishedCounts) {
  EXPECT_EQ(count(published(2, 80, 10, 90, {{"t", "V", "N"}}), tv(spins_on({16}))), 239712);
  EXPECT_EQ(count(published(2, 80, 10, 80, {{"V"}}), tv(spins_on({16}))), 221922);
  EXPECT_EQ(count(published(4, 72, 6, 72, {{"V"}, {"N"}}), tv(spins_on({16}))), 249122);
  EXPECT_EQ(count(published(2, 60, 10, 60, {{"t", "V", "N"}}), tv(spins_on({12}))), 111122);
  EXPECT_EQ(count(published(2, 60, 10, 60, {{"V"}}), tv(spins_on({12}))), 111002);
}

TEST(QstageParameters, HavePublishedNumbersOfTensors) {
  const auto leaves = [](const QstageOptions& options) { return make({"", options, tv(spins_on({16}))})->layout().slices.size(); };

  EXPECT_EQ(leaves(published(2, 80, 10, 90, {{"t", "V", "N"}})), 54u);
  EXPECT_EQ(leaves(published(4, 72, 6, 72, {{"V"}, {"N"}})), 88u);
}

TEST(QstageParameters, AttentionKernelsKeepTheirHeadAxis) {
  const auto psi = make({"", published(2, 80, 10, 90, {{"t", "V", "N"}}), tv(spins_on({16}))});
  const ParameterLayout& layout = psi->layout();

  EXPECT_THAT(layout.find("ResidualSelfAttention_1/SelfAttention_0/query/kernel")->shape, ElementsAre(80, 10, 8));
  EXPECT_THAT(layout.find("ResidualSelfAttention_1/SelfAttention_0/key/bias")->shape, ElementsAre(10, 8));
  EXPECT_THAT(layout.find("CrossAttentionParams_0/MultiHeadDotProductAttention_0/out/kernel")->shape, ElementsAre(10, 8, 80));
  EXPECT_THAT(layout.find("Dense_0/kernel")->shape, ElementsAre(3, 80));
  EXPECT_THAT(layout.find("Dense_2/kernel")->shape, ElementsAre(17 * 80, 90));
  EXPECT_THAT(layout.find("Dense_4/bias")->shape, ElementsAre(2));
  EXPECT_THAT(layout.find("pos_emb")->shape, ElementsAre(1, 16, 80));
  EXPECT_EQ(layout.find("pos_emb"), &layout.slices.back());
}

TEST(QstageParameters, QueryAndKeyOfTheCrossAttentionHaveNoGradient) {
  const Case c{"", published(2, 6, 2, 5, {{"V"}}), tv(spins_on({5}))};
  const auto psi = make(c);
  psi->set_parameters(noisy_parameters(*psi));
  const ConfigurationBatch batch = random_batch(c.input, 4);
  const std::vector<double> rows = jacobian_of(*psi, batch);
  const std::vector<double> gradient = vjp_of(*psi, batch, random_weights(4));

  for (const char* name : {"query/kernel", "query/bias", "key/kernel", "key/bias"}) {
    const ParameterSlice* slice = psi->layout().find(std::string("CrossAttentionParams_0/MultiHeadDotProductAttention_0/") + name);
    ASSERT_NE(slice, nullptr);
    for (std::int64_t k = slice->offset; k < slice->offset + slice->count; ++k) {
      EXPECT_EQ(gradient[k], 0.0);
      for (int r = 0; r < 8; ++r) EXPECT_EQ(rows[r * psi->layout().total + k], 0.0);
    }
  }
}

// (b^2 + c + 1) d + n_l [2d(d+1) + hT + 8d^2 + 9d] + 6d + 2d(d+1)
TEST(VitParameters, HavePublishedCounts) {
  const NetworkInput plain = spins_on({10, 10});
  const NetworkInput coupled = with_features(plain, {"J1", "J2"}, {{1.0, 0.5}});
  const auto vit = [](int layers, int width, int heads, std::vector<std::string> couplings) {
    return VitOptions{
        .patch = {2, 2}, .layers = layers, .d_model = width, .heads = heads, .attention = VitAttention::factored, .couplings = couplings};
  };

  EXPECT_EQ(count(vit(4, 60, 10, {}), plain), 155620);
  EXPECT_EQ(count(vit(8, 72, 12, {}), plain), 434760);
  EXPECT_EQ(count(vit(4, 72, 12, {"J2"}), coupled), 223104);
  EXPECT_EQ(count(vit(8, 72, 12, {"J1", "J2"}), coupled), 434904);
}

TEST(VitParameters, GeneralAttentionHasOneMixingParameterPerPair) {
  const VitOptions options{.patch = {2}, .layers = 1, .d_model = 6, .heads = 3, .attention = VitAttention::factored_full, .couplings = {}};

  const auto psi = make({"", options, spins_on({8})});

  EXPECT_THAT(psi->layout().find("Encoder_0/layers_0/attn/alpha")->shape, ElementsAre(3, 4, 4));
}

TEST(VitParameters, AreOrderedAsFlaxFlattensThem) {
  const VitOptions options{.patch = {2}, .layers = 1, .d_model = 4, .heads = 2, .attention = VitAttention::factored, .couplings = {}};

  const auto psi = make({"", options, spins_on({8})});

  const std::string layer = "Encoder_0/layers_0/";
  const std::string head = "OuputHead_0/";
  EXPECT_THAT(paths_of(psi->layout()),
              ElementsAre("Embed_0/embed/bias", "Embed_0/embed/kernel", layer + "attn/W/bias", layer + "attn/W/kernel", layer + "attn/alpha",
                          layer + "attn/v/bias", layer + "attn/v/kernel", layer + "ff/layers_0/bias", layer + "ff/layers_0/kernel",
                          layer + "ff/layers_2/bias", layer + "ff/layers_2/kernel", layer + "layer_norm_1/bias", layer + "layer_norm_1/scale",
                          layer + "layer_norm_2/bias", layer + "layer_norm_2/scale", head + "norm2/bias", head + "norm2/scale", head + "norm3/bias",
                          head + "norm3/scale", head + "out_layer_norm/bias", head + "out_layer_norm/scale", head + "output_layer0/bias",
                          head + "output_layer0/kernel", head + "output_layer1/bias", head + "output_layer1/kernel"));
}

TEST(ParameterOrder, ComparesPathComponentsAsText) {
  std::vector<TensorSpec> specs = {
      {"layers_2/a", {1}, {}}, {"layers_1/b", {1}, {}}, {"layers_10/a", {1}, {}}, {"layers_1/a-b", {1}, {}}, {"layers_1/a/z", {1}, {}}};

  sort_by_path(specs);

  EXPECT_THAT(paths_of(layout_of(specs)), ElementsAre("layers_1/a/z", "layers_1/a-b", "layers_1/b", "layers_10/a", "layers_2/a"));
}

TEST(ParameterOrder, PutsThePartsOfAComplexTensorWhereTheTensorWouldStand) {
  std::vector<TensorSpec> specs = {{"a_im", {1}, {}}, {"aa", {1}, {}}, {"a_re", {1}, {}}, {"a/b", {1}, {}}};

  sort_by_path(specs);

  EXPECT_THAT(paths_of(layout_of(specs)), ElementsAre("a_re", "a_im", "a/b", "aa"));
}

// alpha N^2 + alpha N + N, twice for complex parameters.
TEST(RbmParameters, CountRealNumbers) {
  EXPECT_EQ(count(RbmOptions{.alpha = 2, .dtype = Dtype::real}, spins_on({4, 4})), 560);
  EXPECT_EQ(count(RbmOptions{.alpha = 2, .dtype = Dtype::complex}, spins_on({4, 4})), 1120);
}

TEST(RbmParameters, ComplexDerivativesAreHolomorphic) {
  const Case c{"", RbmOptions{.alpha = 1, .dtype = Dtype::complex}, spins_on({5})};
  const auto psi = make(c);
  psi->set_parameters(noisy_parameters(*psi));
  const ConfigurationBatch batch = random_batch(c.input, 3);
  const std::vector<double> rows = jacobian_of(*psi, batch);
  const std::int64_t total = psi->layout().total;

  for (const std::string path : {"Dense/kernel", "Dense/bias", "visible_bias"}) {
    const ParameterSlice* re = psi->layout().find(path + "_re");
    const ParameterSlice* im = psi->layout().find(path + "_im");
    for (std::int64_t k = 0; k < re->count; ++k) {
      for (int i = 0; i < 3; ++i) {
        const double* re_row = &rows[2 * i * total];
        const double* im_row = &rows[(2 * i + 1) * total];
        // d/dIm = i d/dRe
        EXPECT_EQ(re_row[im->offset + k], -im_row[re->offset + k]);
        EXPECT_EQ(im_row[im->offset + k], re_row[re->offset + k]);
      }
    }
  }
}

// Mean and variance of n draws: standard errors sqrt(v/n) and v sqrt(2/n) (normal; smaller for the bounded distributions). Five of them.
void expect_moments(const std::vector<double>& values, double variance) {
  const double n = static_cast<double>(values.size());
  double mean = 0.0;
  double square = 0.0;
  for (const double v : values) mean += v / n;
  for (const double v : values) square += v * v / n;
  EXPECT_NEAR(mean, 0.0, 5 * std::sqrt(variance / n));
  EXPECT_NEAR(square, variance, 5 * variance * std::sqrt(2.0 / n));
}

TEST(InitialValues, HaveTheStatedDistributions) {
  const std::vector<TensorSpec> specs = {{"u", {100, 100}, Initial::xavier_uniform(50, 70)},
                                         {"t", {100, 100}, Initial::lecun_normal(64)},
                                         {"n", {100, 100}, Initial::normal(0.02)},
                                         {"one", {10}, Initial::one()}};

  const std::vector<double> values = initial_values(specs, {.seed = 3, .stage = 1});

  const auto part = [&](int s) { return std::vector<double>(values.begin() + s * 10000, values.begin() + (s + 1) * 10000); };
  expect_moments(part(0), 6.0 / 120.0 / 3.0);
  expect_moments(part(1), 1.0 / 64.0);
  expect_moments(part(2), 4e-4);
  EXPECT_LE(max_abs(part(0)), std::sqrt(6.0 / 120.0));
  EXPECT_LE(max_abs(part(1)), 2.0 / 0.8796256610342398 / 8.0);
  EXPECT_GT(max_abs(part(1)), 1.9 / 0.8796256610342398 / 8.0);
  EXPECT_THAT(std::vector<double>(values.end() - 10, values.end()), testing::Each(1.0));
}

TEST(InitialValues, DependOnSeedAndStage) {
  const auto psi = make(cases().front());

  EXPECT_EQ(psi->initial_parameters({1, 0}), psi->initial_parameters({1, 0}));
  EXPECT_NE(psi->initial_parameters({1, 0}), psi->initial_parameters({2, 0}));
  EXPECT_NE(psi->initial_parameters({1, 0}), psi->initial_parameters({1, 1}));
}

std::string message_of(const WavefunctionOptions& options, const NetworkInput& input) {
  try {
    make({"", options, input});
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(WavefunctionInput, ErrorsNameTheKeyAndTheValue) {
  const VitOptions vit{.patch = {3, 2}, .layers = 2, .d_model = 6, .heads = 3, .attention = VitAttention::factored, .couplings = {}};
  VitOptions heads = vit;
  heads.patch = {2, 2};
  heads.heads = 4;
  VitOptions coupling = vit;
  coupling.patch = {2, 2};
  coupling.couplings = {"J3"};
  const NetworkInput square = with_features(spins_on({10, 10}), {"J1", "J2"}, {{1.0, 0.5}});

  EXPECT_THAT(message_of(vit, square), HasSubstr("patch [3, 2] does not divide lattice [10, 10]"));
  EXPECT_THAT(message_of(vit, spins_on({12})), HasSubstr("1 axes"));
  EXPECT_THAT(message_of(heads, square), HasSubstr("heads 4 does not divide wavefunction.d_model 6"));
  EXPECT_THAT(message_of(coupling, square), HasSubstr("'J3', which this system does not have; known: J1, J2"));
  EXPECT_THAT(message_of(QstageOptions{}, spins_on({4})), HasSubstr("needs at least one coupling"));
  EXPECT_THAT(message_of(QstageOptions{.tails = {{"U"}}}, square), HasSubstr("wavefunction.tail names 'U'"));
  EXPECT_THAT(message_of(QstageOptions{.tails = {{}}}, square), HasSubstr("empty token"));
}

TEST(WavefunctionRegistry, KnowsEveryKindItBuilds) {
  for (const Case& c : cases()) {
    const auto psi = make(c);
    EXPECT_EQ(find_wavefunction(psi->kind()).name, c.options.entry().name);
    EXPECT_GT(psi->flops_per_evaluation(), 0.0);
  }
  EXPECT_THROW(find_wavefunction("qstag"), InputError);
}

TEST(WavefunctionRegistry, NamesTheFeaturesANetworkReads) {
  const NetworkInput input = tv(spins_on({6}));

  EXPECT_THAT(conditioning_features(QstageOptions{.depth = 2, .tails = {{"V"}}}, input), ElementsAre("t", "V", "N"));
  EXPECT_THAT(conditioning_features(QstageOptions{.depth = 1, .tails = {{"V"}}}, input), ElementsAre("V"));
  EXPECT_THAT(conditioning_features(VitOptions{.couplings = {"V"}}, input), ElementsAre("V"));
  EXPECT_THAT(conditioning_features(RbmOptions{}, input), testing::IsEmpty());
}

}  // namespace
}  // namespace qs

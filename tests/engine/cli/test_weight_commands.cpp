// What `info` says about weights can be pasted into an input, and means the same network there.
#include "engine/cli/weight_commands.h"

#include <gtest/gtest.h>

#include "engine/input/input.h"
#include "engine/plan/plan.h"
#include "engine/plan/vocabulary.h"
#include "engine/wavefunctions/qstage.h"
#include "engine/wavefunctions/rbm.h"
#include "engine/wavefunctions/vit.h"

namespace {

using namespace qs;

const std::string fermions =
    "  lattice: {kind: chain, size: [4]}\n  sector: {kind: spinless_fermions, particles: 2}\n  hamiltonian: {kind: tv, V: 1.0}\n";
const std::string spins = "  lattice: {kind: square, size: [4, 4]}\n  sector: {kind: spin_half, total_sz: 0}\n  hamiltonian: {kind: heisenberg}\n";

// The network that an input plans with the section that `info` prints.
WavefunctionOptions planned(const std::string& system, const GuessedOptions& guess) {
  const std::string said = options_text(guess);
  const std::string text = "format: 1\noutput: {directory: x}\nsystem:\n" + system + "wavefunction: " + said.substr(0, said.find(';')) +
                           "\nsampler: {kind: exact_sum}\nstages:\n  - {kind: evaluate}\n";
  input::Diagnostics diagnostics;
  const input::Document document = input::load_text(vocabulary(), text, "input.yaml", {}, diagnostics);
  if (diagnostics.has_errors()) {
    ADD_FAILURE() << diagnostics.render() << text;
    return {};
  }
  const RunPlan plan = make_plan(document, diagnostics);
  EXPECT_EQ(diagnostics.render(), "") << text;
  return plan.network ? plan.network->options : WavefunctionOptions{};
}

TEST(InfoOfWeights, QstageWordsAreThoseOfTheInput) {
  for (const Amplitude amplitude : {Amplitude::complex, Amplitude::real, Amplitude::determinant})
    for (const QstageAttention attention : {QstageAttention::softmax, QstageAttention::factored})
      for (const Pooling pooling : {Pooling::concatenate, Pooling::sum})
        for (const Conditioning conditioning : {Conditioning::token, Conditioning::blocks}) {
          QstageOptions options;
          options.depth = 3, options.d_model = 8, options.heads = 2, options.mlp = 5, options.orbitals = amplitude == Amplitude::determinant ? 2 : 0;
          options.amplitude = amplitude, options.attention = attention, options.pooling = pooling, options.conditioning = conditioning;
          const auto again = planned(fermions, {.options = options, .modes = 4, .features = 3}).get<QstageOptions>();
          EXPECT_EQ(again.depth, 3);
          EXPECT_EQ(again.d_model, 8);
          EXPECT_EQ(again.heads, 2);
          EXPECT_EQ(again.mlp, 5);
          EXPECT_EQ(again.amplitude, amplitude);
          EXPECT_EQ(again.attention, attention);
          EXPECT_EQ(again.pooling, pooling);
          EXPECT_EQ(again.conditioning, conditioning);
        }
}

TEST(InfoOfWeights, VitAndRbmWordsAreThoseOfTheInput) {
  for (const VitAttention attention : {VitAttention::factored, VitAttention::factored_full}) {
    VitOptions options;
    options.patch = {2, 2}, options.layers = 3, options.d_model = 8, options.heads = 2, options.attention = attention;
    const auto again = planned(spins, {.options = options, .modes = 16, .tokens = 4, .patch_entries = 4}).get<VitOptions>();
    EXPECT_EQ(again.patch, options.patch);
    EXPECT_EQ(again.layers, 3);
    EXPECT_EQ(again.attention, attention);
  }
  for (const Dtype dtype : {Dtype::complex, Dtype::real}) {
    RbmOptions options;
    options.alpha = 3, options.dtype = dtype;
    const auto again = planned(spins, {.options = options, .modes = 16}).get<RbmOptions>();
    EXPECT_EQ(again.alpha, 3);
    EXPECT_EQ(again.dtype, dtype);
  }
}

}  // namespace

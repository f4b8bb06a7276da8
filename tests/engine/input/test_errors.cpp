#include <regex>

#include "engine/base/text.h"
#include "engine/plan/vocabulary.h"
#include "expect_errors.h"
#include "hamiltonians/observable.h"

using namespace qs::input;

namespace {

struct Golden {
  const char* name;
  const char* from;
  const char* to;
  const char* message;  // "line:column: error: text"; $observables: all of the catalogue
};

void PrintTo(const Golden& golden, std::ostream* out) { *out << golden.name; }

class GoldenInputError : public testing::TestWithParam<Golden> {};

TEST_P(GoldenInputError, IsReportedWithPlaceReasonAndWayOut) {
  const Golden& golden = GetParam();
  std::vector<std::string> names;
  for (const qs::ObservableEntry& entry : qs::observables()) names.push_back(entry.name);
  const std::string message = std::regex_replace(golden.message, std::regex("\\$observables"), qs::joined(names));

  EXPECT_EQ(report(edited(example::quick_start, golden.from, golden.to)), "input.yaml:" + message + "\n");
}

const Golden goldens[] = {
#include "goldens.inc"
};

INSTANTIATE_TEST_SUITE_P(Table, GoldenInputError, testing::ValuesIn(goldens), [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace

TEST(InputErrors, AreAllReportedAtOnceInOrderOfLines) {
  std::string text = edited(example::quick_start, "kind: qstage", "kind: qstag");
  text = edited(text, "diag_shift:", "diag_shfit:");
  text = edited(text, "seed: 20251211", "seed: x");

  EXPECT_EQ(
      report(text),
      "input.yaml:3:7: error: seed 'x' is not an integer\n"
      "input.yaml:12:9: error: wavefunction.kind 'qstag' is not known (did you mean 'qstage'? known: qstage, cnn, foundation, jastrow, rbm, vit)\n"
      "input.yaml:29:40: error: unknown key 'stages.2.optimizer.diag_shfit' (did you mean 'diag_shift'?)\n");
}

TEST(InputErrors, AreCutAfterFifty) {
  std::string text = example::quick_start;
  for (int i = 0; i < 120; ++i) text += "zzzzzzzzzzzz" + std::to_string(i) + ": 1\n";
  Diagnostics diagnostics;
  load_text(qs::vocabulary(), text, "input.yaml", {}, diagnostics);

  EXPECT_EQ(diagnostics.errors().size(), 50u);
  EXPECT_EQ(diagnostics.error_count(), 120u);
  EXPECT_NE(diagnostics.render().find("120 errors, the first 50 are shown\n"), std::string::npos);
  EXPECT_EQ(diagnostics.errors().front().where.line, 35);
}

TEST(InputErrors, AreAvailableAsJson) {
  Diagnostics diagnostics;
  load_text(qs::vocabulary(), edited(example::quick_start, "seed: 20251211", "seed: x"), "input.yaml", {}, diagnostics);

  EXPECT_NE(diagnostics.render_json().find("\"line\": 3"), std::string::npos);
  EXPECT_NE(diagnostics.render_json().find("\"message\": \"seed 'x' is not an integer\""), std::string::npos);
}

TEST(InputErrors, QuoteAtMostEightyEscapedBytes) {
  const std::string word(1000, 'x');
  const std::string message = report(edited(example::quick_start, "device: auto", "device: \"a\\n" + word + "\""));

  EXPECT_NE(message.find("device 'a\\nxxxx"), std::string::npos) << message;
  EXPECT_LT(message.size(), 250u);
}

TEST(InputErrors, EmptyAndScalarDocumentsAreExplained) {
  EXPECT_EQ(report(""), "input.yaml:1:1: error: the input is empty (see --dump-default for a full one)\n");
  EXPECT_EQ(report("hello"), "input.yaml:1:1: error: the input is a single value, not a map of keys\n");
  EXPECT_EQ(report("[1]"), "input.yaml:1:1: error: the input is a list, not a map of keys\n");
}

TEST(InputErrors, StagesThatNeedASamplerOrAWavefunctionSaySo) {
  const std::string no_sampler = edited(example::quick_start, "sampler: {kind: metropolis, move: {kind: hop}, chains: 256, samples: 1024}\n", "");
  const std::string ed_only =
      "format: 1\noutput: {directory: runs/a}\nsystem:\n  lattice: {kind: chain, size: [4]}\n  sector: {kind: spin_half}\n"
      "  hamiltonian: {kind: tfim}\nstages:\n  - kind: ed\n";

  EXPECT_EQ(report(no_sampler).substr(0, 72), "input.yaml:25:5: error: stages.2 needs a sampler (it draws configuration");
  EXPECT_EQ(report(ed_only), "");
  EXPECT_EQ(report(ed_only + "  - kind: pretrain\n    optimizer: {kind: adamw}\n"),
            "input.yaml:9:5: error: stages.1 needs a wavefunction (a stage of kind pretrain works on one); add the key 'wavefunction'\n");
}

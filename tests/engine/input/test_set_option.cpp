#include "engine/plan/vocabulary.h"
#include "expect_errors.h"

using namespace qs::input;

namespace {

std::string set(const std::string& key, const std::string& value) { return report(example::quick_start, {{key, value}}); }

}  // namespace

TEST(SetOptions, ChangeValuesByPathAndListIndex) {
  Diagnostics diagnostics;
  const Document document =
      load_text(qs::vocabulary(), example::quick_start, "input.yaml",
                {{"stages.2.optimizer.lr", "0.01"}, {"system.family.V", "[1, 2]"}, {"checkpoint.interval", "10min"}, {"system.lattice.size.0", "14"}},
                diagnostics);

  ASSERT_EQ(diagnostics.render(), "");
  EXPECT_EQ(document.root["stages"].items()[2]["optimizer"]["lr"].number(), 0.01);
  EXPECT_EQ(document.root["system"]["family"]["V"].numbers(), (std::vector<double>{1, 2}));
  EXPECT_EQ(document.root["checkpoint"]["interval"].integer(), 600);
  EXPECT_EQ(document.root["system"]["lattice"]["size"].integers(), std::vector<std::int64_t>{14});
  EXPECT_EQ(document.root["stages"].items()[2]["optimizer"]["lr"].where().file, "command line");
  EXPECT_EQ(document.original, example::quick_start);
  EXPECT_NE(document.resolved.find("lr: 0.01"), std::string::npos);
}

TEST(SetOptions, TheLastOneWins) {
  Diagnostics diagnostics;
  const Document document = load_text(qs::vocabulary(), example::quick_start, "input.yaml", {{"seed", "1"}, {"seed", "2"}}, diagnostics);

  EXPECT_EQ(document.root["seed"].integer(), 2);
}

TEST(SetOptions, MakeSupplyWhatTheFileLacks) {
  EXPECT_EQ(report(edited(example::quick_start, "format: 1\n", ""), {{"format", "1"}}), "");
  EXPECT_EQ(report(edited(example::quick_start, "output: {directory: runs/qstage_ring12}\n", ""), {{"output.directory", "runs/b"}}), "");
}

TEST(SetOptions, GoThroughTheSameValidation) {
  EXPECT_EQ(set("stages.2.optimizer.diag_shfit", "1"),
            "command line: error: unknown key 'stages.2.optimizer.diag_shfit' (did you mean 'diag_shift'?)\n");
  EXPECT_EQ(set("seed", "1e3"), "command line: error: seed '1e3' is not an integer (write 1000)\n");
  EXPECT_EQ(set("seed", "'5'"), "command line: error: seed '5' is quoted text, not an integer (remove the quotes)\n");
  EXPECT_EQ(set("seed", ""), "command line: error: seed has no value (write an integer or remove the key)\n");
  EXPECT_EQ(set("device", "gpu"), "command line: error: device 'gpu' is not known (did you mean 'cpu'? known: auto, cpu, cuda, reference)\n");
}

TEST(SetOptions, BadPathsAreExplained) {
  EXPECT_EQ(set("stages.9.steps", "1"), "command line: error: stages has no item 9 (indices 0 to 3)\n");
  EXPECT_EQ(set("stages.vmc.steps", "1"), "command line: error: stages is a list; 'vmc' is not an index (indices 0 to 3)\n");
  EXPECT_EQ(set("stages.-1.steps", "1"), "command line: error: stages is a list; '-1' is not an index (indices 0 to 3)\n");
  EXPECT_EQ(set("seed.x", "1"), "command line: error: cannot set 'seed.x' ('seed' is a single value, not a map)\n");
  EXPECT_EQ(set("system..x", "1"), "command line: error: 'system..x' is not a key (write --set section.key=value)\n");
  EXPECT_EQ(set("", "1"), "command line: error: '' is not a key (write --set section.key=value)\n");
}

TEST(SetOptions, ValuesObeyTheRulesOfTheFile) {
  EXPECT_EQ(set("seed", "&a 1"), "command line: error: anchors ('&name') are not supported; write the value out where it is used\n");
  EXPECT_EQ(set("seed", "[1"), "command line: error: not valid YAML: a '[' is not closed by ']' (or a comma is missing)\n");
  EXPECT_EQ(set("system.sector", "{kind: spin_half, kind: spin_half}").substr(0, 55), "command line: error: duplicate key 'kind' (given twice)");
}

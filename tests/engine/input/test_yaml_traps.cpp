// What yaml-cpp 0.7 accepts, guesses or drops without a word.
#include <ctime>

#include "expect_errors.h"

using namespace qs::input;

namespace {

std::string with_line(const std::string& line) { return std::string(example::quick_start) + line + "\n"; }
std::string with_seed(const std::string& seed) { return edited(example::quick_start, "seed: 20251211", "seed: " + seed); }
std::string only(const std::string& message) { return "input.yaml:" + message + "\n"; }

}  // namespace

TEST(YamlTraps, DuplicateKeysAreRefusedAtEveryDepth) {
  EXPECT_EQ(report(with_line("seed: 2")), only("35:1: error: duplicate key 'seed' (first given in line 3)"));
  EXPECT_EQ(report(edited(example::quick_start, "particles: 6", "particles: 6, particles: 5")),
            only("8:51: error: duplicate key 'particles' (first given in line 8)"));
}

TEST(YamlTraps, AnchorsAndAliasesAreRefused) {
  EXPECT_EQ(report(with_seed("&a 1")), only("3:7: error: anchors ('&name') are not supported; write the value out where it is used"));
  const std::string text = edited(with_seed("&a 1"), "steps: 300", "steps: *a");
  EXPECT_EQ(report(text), only("3:7: error: anchors ('&name') are not supported; write the value out where it is used") +
                              only("23:12: error: aliases ('*name') are not supported; write the value out"));
  EXPECT_EQ(report(with_seed("*a")), only("3:7: error: aliases ('*name') are not supported; write the value out"));
}

TEST(YamlTraps, AliasBombsCostNothing) {
  std::string text = "a: &a [x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c < 'z'; ++c) {
    const std::string before(1, static_cast<char>(c - 1));
    text += std::string(1, c) + ": &" + c + " [*" + before + ", *" + before + ", *" + before + ", *" + before + "]\n";
  }
  EXPECT_NE(report(text).find("aliases"), std::string::npos);
}

TEST(YamlTraps, TagsAreRefused) {
  const std::string message = only("3:7: error: tags ('!type') are not supported; the type follows from the key");
  EXPECT_EQ(report(with_seed("!!int 1")), message);
  EXPECT_EQ(report(with_seed("!!str 1")), message);
  EXPECT_EQ(report(with_seed("! 1")), message);
  EXPECT_EQ(report(with_seed("!<?> 1")), message);
}

TEST(YamlTraps, MergeKeysAreRefused) {
  EXPECT_EQ(report(edited(example::quick_start, "{kind: metropolis,", "{<<: {chains: 8}, kind: metropolis,")),
            only("18:11: error: merge keys ('<<') are not supported; write the keys out"));
}

TEST(YamlTraps, FurtherDocumentsAreRefused) {
  EXPECT_EQ(report(with_line("---\nformat: 1")), only("35:1: error: a second document starts here; an input is one document"));
  EXPECT_EQ(report(std::string("---\n") + example::quick_start), "");
}

TEST(YamlTraps, DirectivesAreRefused) {
  EXPECT_EQ(report(std::string("# comment\n%YAML 1.2\n---\n") + example::quick_start),
            only("2:1: error: YAML directives ('%') are not supported; remove the line"));
}

TEST(YamlTraps, OctalHexAndFloatsAreNoIntegers) {
  EXPECT_EQ(report(with_seed("010")), only("3:7: error: seed '010' is not an integer (write 10)"));
  EXPECT_EQ(report(with_seed("0x10")), only("3:7: error: seed '0x10' is not an integer (write 16)"));
  EXPECT_EQ(report(with_seed("0o17")), only("3:7: error: seed '0o17' is not an integer (write 15)"));
  EXPECT_EQ(report(with_seed("1e3")), only("3:7: error: seed '1e3' is not an integer (write 1000)"));
  EXPECT_EQ(report(with_seed("1.0")), only("3:7: error: seed '1.0' is not an integer (write 1)"));
  EXPECT_EQ(report(with_seed("1_000")), only("3:7: error: seed '1_000' is not an integer (write 1000)"));
}

TEST(YamlTraps, QuotedNumbersAreText) {
  EXPECT_EQ(report(with_seed("'5'")), only("3:7: error: seed '5' is quoted text, not an integer (remove the quotes)"));
  EXPECT_EQ(report(edited(example::quick_start, "t: 1.0", "t: \"1.0\"")),
            only("9:30: error: system.hamiltonian.t '1.0' is quoted text, not a number (remove the quotes)"));
  EXPECT_EQ(report(edited(example::quick_start, "title: Q-stage quick start, t-V ring of 12 sites", "title: '5'")), "");
}

TEST(YamlTraps, YesAndOnAreNoFlags) {
  for (const char* word : {"yes", "on", "Y", "True", "1"})
    EXPECT_EQ(report(edited(example::quick_start, "periodic: true", std::string("periodic: ") + word)),
              only(std::string("7:48: error: system.lattice.periodic '") + word + "' is not a flag (write true)"));
  for (const char* word : {"no", "off", "N", "FALSE", "0"})
    EXPECT_EQ(report(edited(example::quick_start, "periodic: true", std::string("periodic: ") + word)),
              only(std::string("7:48: error: system.lattice.periodic '") + word + "' is not a flag (write false)"));
}

TEST(YamlTraps, NonFiniteNumbersAreRefused) {
  for (const char* word : {".inf", "-.inf", ".nan", ".NaN", "inf", "nan"})
    EXPECT_EQ(report(edited(example::quick_start, "t: 1.0", std::string("t: ") + word)),
              only(std::string("9:30: error: system.hamiltonian.t '") + word + "' is not a finite number"));
  EXPECT_EQ(report(edited(example::quick_start, "t: 1.0", "t: 1e400")),
            only("9:30: error: system.hamiltonian.t '1e400' is outside the range of float64"));
}

TEST(YamlTraps, BothSpellingsOfAnExponentAreAccepted) {
  EXPECT_EQ(report(edited(example::quick_start, "delta: 0.1", "delta: 1e-1")), "");
  EXPECT_EQ(report(edited(example::quick_start, "delta: 0.1", "delta: 1.0e-1")), "");
}

TEST(YamlTraps, EmptyAndNullValuesAreErrors) {
  EXPECT_EQ(report(with_seed("")), only("3:1: error: seed has no value (write an integer or remove the key)"));
  EXPECT_EQ(report(with_seed("~")), only("3:1: error: seed has no value (write an integer or remove the key)"));
  EXPECT_EQ(report(with_seed("null")), only("3:1: error: seed has no value (write an integer or remove the key)"));
}

TEST(YamlTraps, KeysMustBeWords) {
  EXPECT_EQ(report(with_line("? [a, b]\n: 1")), only("35:3: error: a key must be a word (lists, maps and empty keys are not supported)"));
}

TEST(YamlTraps, DeepNestingIsCutOff) {
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  EXPECT_EQ(report("title: " + deep), only("1:39: error: nested deeper than 32 levels (the limit of an input)"));
  EXPECT_NE(report(std::string(100000, '[')).find("error: "), std::string::npos);
}

TEST(YamlTraps, OversizedFilesAreRefusedUnread) {
  EXPECT_EQ(report(std::string(1048577, '#')), "input.yaml: error: 1048577 bytes are too many (an input has at most 1048576 bytes)\n");
}

TEST(YamlTraps, TooManyValuesAreRefused) {
  std::string text = "title: [";
  for (int i = 0; i < 70000; ++i) text += "1,";
  EXPECT_NE(report(text + "1]").find("more than 65536 values (the limit of an input)"), std::string::npos);
}

TEST(YamlTraps, BytesThatAreNoTextAreRefused) {
  EXPECT_EQ(report(std::string("format: 1\ntitle: a") + '\x04' + "b"), only("2:9: error: control character 0x04 in the text"));
  EXPECT_EQ(report("title: \xFF"), only("1:8: error: not UTF-8 text"));
  EXPECT_EQ(report(std::string("\xFF\xFE"
                               "f\0",
                               4)),
            only("1:1: error: not UTF-8 text"));
  EXPECT_EQ(report("title: \xC0\xAF"), only("1:8: error: not UTF-8 text"));
}

// Case K: what a terminal obeys, as bytes and written as an escape, in values and in keys.
TEST(YamlTraps, TextThatATerminalObeysIsRefused) {
  EXPECT_EQ(report("title: \"a\xC2\x9B"
                   "31m\""),
            only("1:10: error: invisible character U+009B (a terminal obeys it instead of showing it) in the text"));
  EXPECT_EQ(report("# \xE2\x80\xAE"), only("1:3: error: invisible character U+202E (a terminal obeys it instead of showing it) in the text"));
  for (const char* escape : {"\\e", "\\0", "\\x9b", "\\u202e", "\\u2066", "\\x7f", "\\r"}) {
    for (const std::string& text : {std::string("title: \"a") + escape + "b\"", std::string("\"a") + escape + "b\": 1"}) {
      EXPECT_NE(report(text).find(" in a text"), std::string::npos) << text << report(text);
    }
  }
  EXPECT_EQ(report("title: \"a\\tb\\u00e9\"").find(" in a text"), std::string::npos);
}

TEST(YamlTraps, ByteOrderMarkAndWindowsLineEndsAreRead) {
  std::string windows = "\xEF\xBB\xBF";
  for (const char* c = example::quick_start; *c != '\0'; ++c) windows += *c == '\n' ? std::string("\r\n") : std::string(1, *c);

  EXPECT_EQ(report(windows), "");
  EXPECT_EQ(report(edited(windows, "seed: 20251211", "seed: x")), only("3:7: error: seed 'x' is not an integer"));
}

TEST(YamlTraps, ColumnsCountCharactersNotBytes) {
  EXPECT_EQ(report("{format: 1, title: \"\xC3\xA9\xC3\xA9\", zzzzzzzzzzzzzz: 1}").substr(0, 24), "input.yaml:1:1: error: m");
  EXPECT_NE(report("{format: 1, title: \"\xC3\xA9\xC3\xA9\", sead: 1}").find("input.yaml:1:26: error: unknown key 'sead' (did you mean 'seed'?)"),
            std::string::npos);
}

TEST(YamlTraps, SyntaxErrorsAreOneCleanLine) {
  EXPECT_EQ(report("format: 1\noutput: {directory: a\nseed: 1\n"),
            only("3:5: error: not valid YAML: a '{' is not closed by '}' (or a comma is missing)"));
  EXPECT_EQ(report("format: 1\n\tseed: 1\n").find('\n'), report("format: 1\n\tseed: 1\n").size() - 1);
  EXPECT_EQ(report("title: a: b\n"), only("1:9: error: not valid YAML: a ':' where no value can start (quote text that contains ': ')"));
  EXPECT_EQ(report("title: \"abc\\\"\n"), only("1:8: error: not valid YAML: a quote is not closed"));
  EXPECT_EQ(report("title: 'abc''\n"), only("1:8: error: not valid YAML: a quote is not closed"));
}

TEST(YamlTraps, HostileInputIsRefusedWithinASecond) {
  std::string keys;
  for (int i = 0; keys.size() < 1000000; ++i) keys += "k" + std::to_string(i) + "e: 1\n";
  for (const std::string& text :
       {keys, std::string(1000000, '['), std::string(1000000, '{'), std::string(1000000, '-'), std::string(500000, '\n') + "a",
        std::string(1000000, '&'), std::string(1000000, '?'), std::string(1000000, 'a') + ": 1"}) {
    const std::clock_t start = std::clock();  // processor time: other programs on the machine do not count
    EXPECT_NE(report(text), "");
    EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 1.0) << text.substr(0, 20);
  }
}

#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"
#include "engine/input/scalar.h"
#include "engine/plan/vocabulary.h"
#include "example.h"

using namespace qs::input;

namespace {

Raw word(const std::string& text) {
  Raw raw;
  raw.form = Raw::Form::scalar;
  raw.text = text;
  return raw;
}

Document valid(const std::string& text) {
  Diagnostics diagnostics;
  Document document = load_text(qs::vocabulary(), text, "dir/input.yaml", {}, diagnostics);
  EXPECT_EQ(diagnostics.render(), "");
  return document;
}

}  // namespace

TEST(InputScalar, AcceptsDecimalIntegersOnly) {
  EXPECT_EQ(parse_integer(word("-12"), {}).value, -12);
  EXPECT_EQ(parse_integer(word("9223372036854775807"), {}).value, INT64_MAX);
  for (const char* bad : {"", "-", "1.0", "1e3", "0x10", "0o17", "010", "1_000", "+", " 1", "9223372036854775808", "12a"})
    EXPECT_FALSE(parse_integer(word(bad), {}).ok) << bad;
}

TEST(InputScalar, ReadsNumbersWithAndWithoutFractionAndExponent) {
  EXPECT_EQ(parse_number(word("1e-3"), {}).value, 1e-3);
  EXPECT_EQ(parse_number(word("1.0e-3"), {}).value, 1e-3);
  EXPECT_EQ(parse_number(word("+2.5E+2"), {}).value, 250);
  EXPECT_EQ(parse_number(word("-7"), {}).value, -7);
  for (const char* bad : {"", ".", "e3", "1e", "1e+", "0x10", "010", "1e400", ".inf", "nan", "infinity", "1,5", "--1", "1.2.3"})
    EXPECT_FALSE(parse_number(word(bad), {}).ok) << bad;
}

TEST(InputScalar, ReadsDurationsAndSizes) {
  EXPECT_EQ(parse_duration(word("30s")).value, 30);
  EXPECT_EQ(parse_duration(word("5min")).value, 300);
  EXPECT_EQ(parse_duration(word("11h30min")).value, 41400);
  EXPECT_EQ(parse_duration(word("2d1s")).value, 172801);
  EXPECT_EQ(parse_size(word("4GiB")).value, std::int64_t{4} << 30);
  EXPECT_EQ(parse_size(word("512B")).value, 512);
  for (const char* bad : {"", "30", "5m", "30min11h", "1.5h", "-3s", "s", "5 min"}) EXPECT_FALSE(parse_duration(word(bad)).ok) << bad;
  for (const char* bad : {"", "4", "4GB", "4gib", "GiB", "1.5GiB", "999999999TiB"}) EXPECT_FALSE(parse_size(word(bad)).ok) << bad;
}

TEST(InputScalar, WritesNumbersThatReadBackToTheSameBits) {
  const double values[] = {0.0, -0.0, 1.0, 0.1, 1e-5, 1e22, 5e-324, 1.7976931348623157e308, -3.0000000000000004};
  for (const double value : values) {
    const std::string text = qs::format_number(value);
    EXPECT_NE(text.find('.'), std::string::npos) << text;
    const Scalar<double> back = parse_number(word(text), {});
    EXPECT_TRUE(back.ok) << text;
    EXPECT_EQ(std::signbit(back.value), std::signbit(value)) << text;
    EXPECT_EQ(back.value, value) << text;
  }
}

TEST(InputNode, GivesTypedValuesPathsAndPlaces) {
  const Document document = valid(example::quick_start);
  const Node& root = document.root;

  EXPECT_EQ(root["seed"].integer(), 20251211);
  EXPECT_EQ(root["system"]["lattice"].kind(), "chain");
  EXPECT_EQ(root["system"]["lattice"]["size"].integers(), std::vector<std::int64_t>{12});
  EXPECT_EQ(root["stages"].items()[2]["optimizer"]["diag_shift"]["from"].number(), 0.01);
  const Node particles = root["system"]["sector"]["particles"];
  EXPECT_EQ(particles.path(), "system.sector.particles");
  EXPECT_EQ(particles.where().line, 8);
  EXPECT_EQ(particles.where().column, 48);
  EXPECT_EQ(particles.key_where().column, 37);
  EXPECT_EQ(document.directory, "dir");
  EXPECT_EQ(document.original, example::quick_start);
}

TEST(InputNode, TellsGivenFromDefault) {
  const Node root = valid(example::quick_start).root;

  EXPECT_TRUE(root.given("seed"));
  EXPECT_FALSE(root.given("on_nonfinite"));
  EXPECT_EQ(root["on_nonfinite"].text(), "rollback");
  EXPECT_EQ(root["checkpoint"]["interval"].integer(), 300);
  EXPECT_EQ(root["limits"]["memory"].integer(), std::int64_t{16} << 30);
  EXPECT_TRUE(root["limits"]["walltime"].is_null());
  EXPECT_TRUE(root["threads"].is_null());
}

TEST(InputNode, WrongAccessIsAnInternalError) {
  const Node root = valid(example::quick_start).root;

  EXPECT_THROW(root["seed"].text(), qs::Error);
  EXPECT_THROW(root["title"].number(), qs::Error);
  EXPECT_THROW(root["no_such_key"], qs::Error);
  EXPECT_THROW(root["seed"].items(), qs::Error);
}

TEST(InputFile, UnreadableFilesAreFileErrors) {
  Diagnostics diagnostics;

  EXPECT_THROW(load(qs::vocabulary(), "no/such/file.yaml", {}, diagnostics), qs::FileError);
  EXPECT_THROW(load(qs::vocabulary(), "/", {}, diagnostics), qs::FileError);
}

#include "engine/base/text.h"

#include <gtest/gtest.h>

namespace qs {
namespace {

TEST(TerminalText, LeavesTextAsItIs) {
  const std::string text =
      "caf\xc3\xa9 \xe2\x88\x9a"
      "2\t\xf0\x9f\x98\x80\n";

  EXPECT_EQ(printable(text), text);
}

TEST(TerminalText, EscapesWhatATerminalObeys) {
  EXPECT_EQ(printable(std::string("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable("\x1b[2J\r\x7f"), "\\x1b[2J\\x0d\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\u009b31m");  // C1: the one-byte form of ESC [
  EXPECT_EQ(printable("a\xe2\x80\xae"
                      "b"),
            "a\\u202eb");                                          // right-to-left override
  EXPECT_EQ(printable("\xe2\x81\xa6\xd8\x9c"), "\\u2066\\u061c");  // isolate, Arabic letter mark
}

TEST(TerminalText, EscapesBytesThatAreNoUtf8) {
  EXPECT_EQ(printable("\x9b"
                      "31m"),
            "\\x9b31m");                                             // C1 to a terminal of eight bits
  EXPECT_EQ(printable("\xc0\x80"), "\\xc0\\x80");                    // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // surrogate
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond U+10FFFF
  EXPECT_EQ(printable("\xe2\x80"), "\\xe2\\x80");                    // cut
}

TEST(TerminalText, KnowsEveryCharacterThatUnicodeCallsAControl) {
  int controls = 0;
  for (std::uint32_t code = 0; code < 0xA0; ++code) controls += is_unprintable(code);

  EXPECT_EQ(controls, 32 + 1 + 32 - 2);  // C0, DEL and C1 but line feed and tab
}

}  // namespace
}  // namespace qs

// What is wrong with a file, word for word: "name:line:column: error: problem (why) what to do".
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "engine/base/error.h"
#include "engine/files/ed_csv.h"
#include "tests/engine/files/scratch.h"
#include "tests/engine/files/small_csv.h"

namespace qs {
namespace {

using test::csv_with;
using test::kHeaderLine;
using test::kSmallName;
using test::message_of;
using test::small_csv;

struct Golden {
  const char* label;
  std::string content;
  std::string message;  // behind the file name
};

const std::vector<Golden>& golden_cases() {
  static const std::vector<Golden> cases = {
      {"empty", "", ":1:1: error: the file is empty (a header and one row are expected)"},
      {"header only", kHeaderLine + "\n", ":2:1: error: the row with the state is missing (a header and one row are expected)"},
      {"second row", small_csv() + "x\n", ":3:1: error: more than one row (one file holds one state); split the file"},
      {"header name", "delta,Eigenvalue_1\nx\n", ":1:7: error: header name 'Eigenvalue_1' found, 'Eigenvalue_0' expected (is this a Q-stage file?)"},
      {"short header", "delta,Eigenvalue_0\nx\n", ":1:19: error: the header ends before 'Eigenvalue_1' (7 names are expected)"},
      {"long header", kHeaderLine + ",more\nx\n", ":1:96: error: more names in the header than the 7 expected (is this a Q-stage file?)"},
      {"too few cells", csv_with("0.1,[1],(1+0j),1"),
       ":2:17: error: the row has 4 cells, 8 are expected for 1 particles on 3 sites (delta, eigenvalues, amplitudes, bitmasks); the file is "
       "incomplete or "
       "its name is wrong"},
      {"too many cells", csv_with("0.1,[1],(1+0j),0j,0j,0j,1,2,4"),
       ":2:30: error: the row has 9 cells, 8 are expected for 1 particles on 3 sites (delta, eigenvalues, amplitudes, bitmasks); the file is "
       "incomplete or "
       "its name is wrong"},
      {"delta", csv_with("x,[1],(1+0j),0j,0j,1,2,4"),
       ":2:1: error: delta expected at 'x' (cells hold plain decimal numbers); check the file for damage"},
      {"delta tail", csv_with("0.1x,[1],(1+0j),0j,0j,1,2,4"), ":2:4: error: unexpected 'x' after delta (a cell holds one number)"},
      {"delta infinite", csv_with("inf,[1],(1+0j),0j,0j,1,2,4"),
       ":2:1: error: delta 'inf' is not finite (the diagonalisation that wrote it failed); repeat it"},
      {"delta range", csv_with("1e999,[1],(1+0j),0j,0j,1,2,4"),
       ":2:1: error: delta '1e999' does not fit a 64-bit float (its exponent is too large or too small)"},
      {"double sign", csv_with("+-1,[1],(1+0j),0j,0j,1,2,4"),
       ":2:1: error: delta expected at '+-1' (cells hold plain decimal numbers); check the file for damage"},
      {"no bracket", csv_with("0.1,1,(1+0j),0j,0j,1,2,4"), ":2:5: error: eigenvalues expected as [e0 e1 e2 e3], found '1'"},
      {"eigenvalue", csv_with("0.1,[1 y],(1+0j),0j,0j,1,2,4"),
       ":2:8: error: eigenvalue expected at 'y' (cells hold plain decimal numbers); check the file for damage"},
      {"eigenvalue tail", csv_with("0.1,[1;2],(1+0j),0j,0j,1,2,4"),
       ":2:7: error: unexpected ';2' after an eigenvalue (they are separated by spaces)"},
      {"eigenvalue nan", csv_with("0.1,[nan],(1+0j),0j,0j,1,2,4"),
       ":2:6: error: eigenvalue 'nan' is not finite (the diagonalisation that wrote it failed); repeat it"},
      {"no eigenvalue", csv_with("0.1,[ ],(1+0j),0j,0j,1,2,4"), ":2:5: error: 0 eigenvalues found (1 to 4 are expected)"},
      {"five eigenvalues", csv_with("0.1,[1 2 3 4 5],(1+0j),0j,0j,1,2,4"), ":2:5: error: 5 eigenvalues found (1 to 4 are expected)"},
      {"real amplitude", csv_with("0.1,[1],1.0,0j,0j,1,2,4"), ":2:12: error: 'j' is missing in amplitude '1.0' (amplitudes are written (a+bj))"},
      {"no imaginary part", csv_with("0.1,[1],(1),0j,0j,1,2,4"),
       ":2:11: error: amplitude '(1)' has no imaginary part (amplitudes are written (a+bj))"},
      {"no j", csv_with("0.1,[1],(1+0),0j,0j,1,2,4"), ":2:13: error: 'j' is missing in amplitude '(1+0)' (amplitudes are written (a+bj))"},
      {"no parenthesis", csv_with("0.1,[1],(1+0j,0j,0j,1,2,4"), ":2:14: error: ')' is missing in amplitude '(1+0j'"},
      {"amplitude tail", csv_with("0.1,[1],(1+0j)0,0j,0j,1,2,4"), ":2:15: error: unexpected '0' after an amplitude"},
      {"empty amplitude", csv_with("0.1,[1],,0j,0j,1,2,4"),
       ":2:9: error: amplitude expected at '' (cells hold plain decimal numbers); check the file for damage"},
      {"amplitude nan", csv_with("0.1,[1],(nan+nanj),0j,0j,1,2,4"),
       ":2:10: error: amplitude 'nan+nanj)' is not finite (the diagonalisation that wrote it failed); repeat it"},
      {"mask text", csv_with("0.1,[1],(1+0j),0j,0j,1,2,0x4"),
       ":2:26: error: bitmask expected, found '0x4' (bitmasks are non-negative decimal integers below 2^64)"},
      {"mask negative", csv_with("0.1,[1],(1+0j),0j,0j,-1,2,4"),
       ":2:22: error: bitmask expected, found '-1' (bitmasks are non-negative decimal integers below 2^64)"},
      {"mask overflow", csv_with("0.1,[1],(1+0j),0j,0j,18446744073709551616,2,4"),
       ":2:22: error: bitmask expected, found '18446744073709551616' (bitmasks are non-negative decimal integers below 2^64)"},
      {"mask beyond", csv_with("0.1,[1],(1+0j),0j,0j,1,2,8"), ":2:26: error: bitmask 8 has bits beyond the 3 sites of the file name"},
      {"mask particles", csv_with("0.1,[1],(1+0j),0j,0j,1,3,4"), ":2:24: error: bitmask 3 has 2 particles, the file name says 1"},
      {"mask twice", csv_with("0.1,[1],(1+0j),0j,0j,1,2,2"), ":2:26: error: bitmask 2 appears twice (every state of the sector appears once)"},
      {"norm", csv_with("0.1,[1],(1+0j),1j,0j,1,2,4"),
       ":2:9: error: the squared norm of the state is 2 (1 within 1e-10 is expected); the file is incomplete or of another format"},
      {"control bytes", csv_with(std::string("\x01\x00", 2) + "\xff,[1],(1+0j),0j,0j,1,2,4"),
       ":2:1: error: delta expected at '\\x01\\x00\\xff' (cells hold plain decimal numbers); check the file for damage"},
  };
  return cases;
}

TEST(EdCsvErrors, SayWhereAndWhy) {
  for (const Golden& golden : golden_cases()) {
    EXPECT_EQ(message_of<FileError>([&] { parse_ed_csv(golden.content, kSmallName); }), kSmallName + golden.message) << golden.label;
  }
}

TEST(EdCsvErrors, NameTheFileNameWhenItDoesNotGiveTheSizes) {
  const auto complaint = [](const std::string& name) { return message_of<FileError>([&] { parse_ed_csv(small_csv(), name); }); };

  for (const std::string name : {"state.csv", "x_Ns12.csv", "x_Np6_Ns.csv", "x_Ns12a_Np6.csv", "_Ns99999999999_Np1.csv"}) {
    EXPECT_EQ(complaint(name),
              name + ":1:1: error: the file name does not give the sizes (the content has none); rename it like gsWaveFn_Ns12_Np6_Vnn1.0.csv");
  }
  EXPECT_EQ(complaint("x_Ns4_Np5.csv"),
            "x_Ns4_Np5.csv:1:1: error: 5 particles on 4 sites in the file name (1 to 63 sites, at most one particle per site)");
  EXPECT_EQ(complaint("x_Ns64_Np5.csv"),
            "x_Ns64_Np5.csv:1:1: error: 5 particles on 64 sites in the file name (1 to 63 sites, at most one particle per site)");
}

TEST(EdCsvErrors, AllocateNothingForAHugeSectorThatTheFileDoesNotHold) {
  const std::string message = message_of<FileError>([&] { parse_ed_csv(small_csv(), "x_Ns63_Np31.csv"); });

  EXPECT_EQ(message,
            "x_Ns63_Np31.csv:2:54: error: the row has 8 cells, more than the line could hold are expected for 31 particles on 63 sites (delta, "
            "eigenvalues, "
            "amplitudes, bitmasks); the file is incomplete or its name is wrong");
}

TEST(EdCsvErrors, RefuseALineBeyondTheLimit) {
  std::string text = kHeaderLine + "\n";
  text.append((std::size_t{64} << 20) + 1, '1');

  EXPECT_EQ(message_of<FileError>([&] { parse_ed_csv(text, kSmallName); }),
            kSmallName + ":2:67108865: error: the line has 67108865 bytes (limit 67108864)");
}

TEST(EdCsvErrors, QuoteAtMostEightyBytes) {
  const std::string message = message_of<FileError>([&] { parse_ed_csv(csv_with(std::string(5000, 'x') + ",[1],1j,0j,0j,1,2,4"), kSmallName); });

  EXPECT_LT(message.size(), 250u);
  EXPECT_NE(message.find("xxx...'"), std::string::npos);
}

TEST(EdCsvErrors, TruncationAtAnyByteIsReportedOrHarmless) {
  const std::string whole = small_csv();
  const EdState expected = parse_ed_csv(whole, kSmallName);
  int accepted = 0;

  for (std::size_t length = 0; length < whole.size(); ++length) {
    try {
      EXPECT_EQ(parse_ed_csv(whole.substr(0, length), kSmallName).amplitudes, expected.amplitudes);
      ++accepted;
    } catch (const FileError& error) {
      EXPECT_EQ(std::string(error.what()).rfind(kSmallName + ":", 0), 0u) << error.what();
    }
  }

  EXPECT_EQ(accepted, 1);  // only the line end is missing
}

TEST(EdCsvErrors, RandomDamageEndsInAStateOrAMessage) {
  std::mt19937_64 random(7);
  const std::string alphabet = "0123456789+-.ej()[], \n\r\"\xff" + std::string(1, '\0');
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = small_csv();
    for (std::uint64_t edits = random() % 4 + 1; edits > 0; --edits) {
      const std::size_t at = random() % text.size();
      if (random() % 3 == 0) {
        text.erase(at, random() % 5);
      } else if (random() % 2 == 0) {
        text.insert(at, 1, alphabet[random() % alphabet.size()]);
      } else {
        text[at] = alphabet[random() % alphabet.size()];
      }
      if (text.empty()) break;
    }
    try {
      const EdState state = parse_ed_csv(text, kSmallName);
      EXPECT_EQ(state.basis, (std::vector<Word>{1, 2, 4}));
    } catch (const FileError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 10000);
}

}  // namespace
}  // namespace qs

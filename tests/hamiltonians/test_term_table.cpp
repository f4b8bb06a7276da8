#include "hamiltonians/term_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "engine/base/random.h"
#include "exact.h"

namespace qs {
namespace {

using test::difference;
using test::operator_matrix;
using test::product_matrix;
using test::Sparse;
using test::table_matrix;

constexpr Factor kSpinFactors[] = {Factor::sz, Factor::s_plus, Factor::s_minus, Factor::sx, Factor::pauli_x, Factor::pauli_z};
constexpr Factor kFermionFactors[] = {Factor::number, Factor::create, Factor::annihilate};

// Random sums of products of up to five factors on three couplings: not symmetric in general, with repeated modes.
Operator random_operator(std::span<const Factor> factors, int modes, int terms, std::uint64_t seed) {
  Operator op{"random", "-", modes, {}, {}};
  const std::string names[] = {"1", "a", "b"};
  for (int t = 0; t < terms; ++t) {
    std::uint32_t draw = 0;
    const auto below = [&](std::uint32_t n) {
      const RandomWords words = random_words({seed, 0}, static_cast<std::uint32_t>(t), 0, draw++);
      return uniform_below(n, words.word[0], words.word[1]);
    };
    std::vector<std::pair<Factor, int>> product;
    for (std::uint32_t k = below(6); k > 0; --k) product.emplace_back(factors[below(factors.size())], below(modes));
    op.add(0.1 * below(40) - 2, names[below(3)], product);
  }
  return op;
}

double error_against_products(const Operator& op) {
  std::vector<double> couplings;
  for (const std::string& name : op.couplings) couplings.push_back(name == "1" ? 1 : name == "a" ? 0.7 : -1.3);
  return difference(table_matrix(TermTable(op), couplings), operator_matrix(op, couplings));
}

// 60 terms of magnitude below 3 meet in one element at most: 60 * 3 * 2^-53 < 1e-13.
TEST(TermTable, EqualsKroneckerProductsOnRandomSpinOperators) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) EXPECT_LT(error_against_products(random_operator(kSpinFactors, 5, 60, seed)), 1e-13) << seed;
}

TEST(TermTable, EqualsJordanWignerProductsOnRandomFermionOperators) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    EXPECT_LT(error_against_products(random_operator(kFermionFactors, 6, 60, seed)), 1e-13) << seed;
  }
}

// Two opposite moves of the same modes that differ in value, coupling or string must not share the one-comparison path.
TEST(TermTable, KeepsUnequalOppositeMovesApart) {
  const std::vector<std::pair<Factor, int>> right = {{Factor::s_plus, 0}, {Factor::s_minus, 1}}, left = {{Factor::s_minus, 0}, {Factor::s_plus, 1}};
  std::vector<std::pair<Factor, int>> left_string = left;
  left_string.emplace_back(Factor::pauli_z, 2);
  Operator values{"values", "-", 3, {}, {}}, couplings = values, strings = values;
  values.add(1, "a", right);
  values.add(2, "a", left);
  couplings.add(1, "a", right);
  couplings.add(1, "b", left);
  strings.add(-1, "a", right);
  strings.add(1, "a", left_string);
  for (const Operator& op : {values, couplings, strings}) EXPECT_EQ(error_against_products(op), 0);
}

TEST(TermTable, RowsAreBras) {
  Operator op{"raise", "S.S", 2, {}, {}};
  op.add(3, "1", {{Factor::s_plus, 0}, {Factor::sz, 1}});
  const TermTable table(op);
  const double one = 1;
  std::vector<Word> bits;
  std::vector<double> elements;
  const Word up = 0b01, down = 0b00;
  EXPECT_EQ(table.connected(&down, &one, bits, elements), 0);  // <down| S+ is zero
  ASSERT_EQ(table.connected(&up, &one, bits, elements), 1);    // <up| S+ |down>
  EXPECT_EQ(bits[0], down);
  EXPECT_EQ(elements[0], -1.5);
}

TEST(TermTable, HopAcrossTheSeamCarriesTheOccupiedModesBetween) {
  Operator op{"hop", "t", 6, {}, {}};
  op.add(1, "1", {{Factor::create, 5}, {Factor::annihilate, 0}});
  const TermTable table(op);
  const double one = 1;
  for (const auto& [bra, sign] : {std::pair<Word, double>{0b100000, 1}, {0b100100, -1}, {0b101100, 1}, {0b111110, 1}, {0b101110, -1}}) {
    EXPECT_EQ(table.element(&bra, 0, &one), sign) << bra;
  }
}

TEST(TermTable, MergesEqualConnectedConfigurations) {
  Operator op{"twice", "-", 3, {}, {}};
  op.add(1, "1", {{Factor::pauli_x, 0}});
  op.add(2, "h", {{Factor::pauli_x, 0}});
  op.add(1, "1", {{Factor::pauli_x, 0}, {Factor::pauli_z, 2}});
  const TermTable table(op);
  EXPECT_EQ(table.groups(), 1);
  const double couplings[] = {1, 0.5};
  const Word down = 0, up = 0b100;
  EXPECT_EQ(table.element(&down, 0, couplings), 1);
  EXPECT_EQ(table.element(&up, 0, couplings), 3);
}

TEST(TermTable, DropsTermsThatCancel) {
  Operator op{"zero", "-", 4, {}, {}};
  op.add(1, "1", {{Factor::create, 1}, {Factor::annihilate, 3}});
  op.add(1, "1", {{Factor::annihilate, 3}, {Factor::create, 1}});  // anticommute
  op.add(1, "1", {{Factor::create, 2}, {Factor::create, 2}});
  const TermTable table(op);
  EXPECT_EQ(table.groups(), 0);
  const double one = 1;
  for (Word sigma = 0; sigma < 16; ++sigma) EXPECT_EQ(table.diagonal(&sigma, &one), 0);
}

TEST(TermTable, SkipsElementsWhoseCouplingIsZero) {
  Operator op{"two", "S.S", 4, {}, {}};
  for (const char* name : {"a", "b"}) {
    const int offset = *name == 'a' ? 0 : 2;
    op.add(1, name, {{Factor::s_plus, offset}, {Factor::s_minus, offset + 1}});
    op.add(1, name, {{Factor::s_minus, offset}, {Factor::s_plus, offset + 1}});
    op.add(1, name, {{Factor::sx, offset}});
  }
  const TermTable table(op);
  const double couplings[] = {0, 2};
  const Word sigma = 0b0101;
  std::vector<Word> bits;
  std::vector<double> elements;
  EXPECT_EQ(table.connected(&sigma, couplings, bits, elements), 2);
  EXPECT_EQ(bits, (std::vector<Word>{0b1001, 0b0001}));
  EXPECT_EQ(elements, (std::vector<double>{2, 1}));
}

TEST(TermTable, AppendsToWhatIsAlreadyThere) {
  Operator op{"flip", "-", 1, {}, {}};
  op.add(1, "1", {{Factor::pauli_x, 0}});
  const TermTable table(op);
  const double one = 1;
  const Word sigma = 1;
  std::vector<Word> bits = {7};
  std::vector<double> elements = {9};
  EXPECT_EQ(table.connected(&sigma, &one, bits, elements), 1);
  EXPECT_EQ(bits, (std::vector<Word>{7, 0}));
  EXPECT_EQ(elements, (std::vector<double>{9, 1}));
}

// Modes of a small operator are spread over several words, the modes between stay empty: all elements must be those of the small
// one. Empty modes contribute +1 to every string.
Operator spread(const Operator& small, const std::vector<int>& where, int modes) {
  Operator op = small;
  op.modes = modes;
  for (SymbolicTerm& term : op.terms) {
    for (auto& [factor, mode] : term.factors) mode = where[mode];
  }
  return op;
}

TEST(TermTable, AgreesBetweenOneTwoAndThreeWords) {
  const std::vector<std::vector<int>> layouts = {{3, 20, 63, 64, 90, 127}, {0, 63, 64, 127, 128, 150}};
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    for (const std::span<const Factor> factors : {std::span<const Factor>(kSpinFactors), std::span<const Factor>(kFermionFactors)}) {
      Operator small = random_operator(factors, 6, 40, seed);
      for (int i = 0; i + 1 < 6; ++i) {  // exchange groups too
        small.add(0.5, "a", {{Factor::create, i}, {Factor::annihilate, 5}});
        small.add(0.5, "a", {{Factor::create, 5}, {Factor::annihilate, i}});
        small.add(0.5, "b", {{Factor::sz, i}, {Factor::sz, i + 1}});
      }
      const std::vector<double> couplings(small.couplings.size(), 0.8);
      const TermTable narrow(small);
      for (const std::vector<int>& where : layouts) {
        const int modes = where.back() + 1;
        const TermTable wide(spread(small, where, modes));
        ASSERT_EQ(wide.groups(), narrow.groups());
        for (Word sigma = 0; sigma < 64; ++sigma) {
          std::vector<Word> row(wide.words(), 0);
          for (int mode = 0; mode < 6; ++mode) {
            if (test_bit(&sigma, mode)) flip_bit(row.data(), where[mode]);
          }
          std::map<Word, double> expected, found;
          narrow.for_each_connected(sigma, couplings.data(), [&](Word other, double element) { expected[other] = element; });
          std::vector<Word> bits;
          std::vector<double> elements;
          const int count = wide.connected(row.data(), couplings.data(), bits, elements);
          for (int k = 0; k < count; ++k) {
            Word packed = 0;
            for (int mode = 0; mode < 6; ++mode) packed |= static_cast<Word>(test_bit(&bits[k * wide.words()], where[mode])) << mode;
            found[packed] = elements[k];
          }
          ASSERT_EQ(found.size(), expected.size());
          for (const auto& [other, element] : expected) ASSERT_NEAR(found.at(other), element, 1e-13);
          ASSERT_NEAR(wide.diagonal(row.data(), couplings.data()), narrow.diagonal(&sigma, couplings.data()), 1e-13);
        }
      }
    }
  }
}

TEST(TermTable, ElementAgreesWithConnected) {
  const Operator op = random_operator(kFermionFactors, 6, 80, 99);
  const std::vector<double> couplings(op.couplings.size(), 1.1);
  const TermTable table(op);
  for (Word sigma = 0; sigma < 64; ++sigma) {
    std::map<Word, double> expected;
    table.for_each_connected(sigma, couplings.data(), [&](Word other, double element) { expected[other] = element; });
    std::size_t non_zero = 0;
    for (std::int64_t g = 0; g < table.groups(); ++g) {
      const double element = table.element(&sigma, g, couplings.data());
      if (element == 0) continue;
      ++non_zero;
      EXPECT_EQ(expected.at(sigma ^ *table.flip(g)), element);
    }
    EXPECT_EQ(non_zero, expected.size());
  }
}

TEST(TermTable, ObeysTheCanonicalAnticommutators) {
  const int modes = 4;
  for (int i = 0; i < modes; ++i) {
    for (int j = 0; j < modes; ++j) {
      Operator op{"anticommutator", "-", modes, {}, {}};
      op.add(1, "1", {{Factor::annihilate, i}, {Factor::create, j}});
      op.add(1, "1", {{Factor::create, j}, {Factor::annihilate, i}});
      Sparse expected(16, 16);
      if (i == j) expected.setIdentity();
      EXPECT_EQ(difference(table_matrix(TermTable(op), {1}), expected), 0);
    }
  }
}

}  // namespace
}  // namespace qs

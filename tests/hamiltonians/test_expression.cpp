// Expressions against dense matrices: what is written equals the textbook's product, before and after products are collected.
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "complex_exact.h"
#include "hamiltonians/expression.h"
#include "hamiltonians/normal_form.h"

namespace qs {
namespace {

using test::Dense;
using namespace std::complex_literals;

constexpr auto kSpin = SectorKind::spin_half;
constexpr auto kSpinless = SectorKind::spinless_fermions;
constexpr auto kSpinful = SectorKind::spinful_fermions;
constexpr double kTolerance = 1e-14;  // at most 100 products of order 1/16

struct Case {
  const char* text;
  SectorKind kind;
  int slots;
  std::function<Dense()> expected;
};

Dense X(int site, int sites) { return test::pauli('X', site, sites); }
Dense Y(int site, int sites) { return test::pauli('Y', site, sites); }
Dense Z(int site, int sites) { return test::pauli('Z', site, sites); }
Dense unit(int modes) { return Dense::Identity(Eigen::Index{1} << modes, Eigen::Index{1} << modes); }
Dense raise(int site, int sites) { return 0.5 * (X(site, sites) + 1i * Y(site, sites)); }
Dense dot(int i, int j, int sites) { return 0.25 * (X(i, sites) * X(j, sites) + Y(i, sites) * Y(j, sites) + Z(i, sites) * Z(j, sites)); }

// Fermions with spin on n sites: down modes first.
Dense c(int site, int sites) { return test::annihilator(site, sites); }
Dense down(int site, int sites) { return test::annihilator(site, 2 * sites); }
Dense up(int site, int sites) { return test::annihilator(sites + site, 2 * sites); }
Dense n(const Dense& a) { return a.adjoint() * a; }
Dense fermion_spin(char axis, int site, int sites) {
  const Dense flip = up(site, sites).adjoint() * down(site, sites);
  if (axis == 'X') return 0.5 * (flip + flip.adjoint());
  if (axis == 'Y') return -0.5i * (flip - flip.adjoint());
  return 0.5 * (n(up(site, sites)) - n(down(site, sites)));
}

std::vector<Case> spin_cases() {
  return {
      {"S.S", kSpin, 2, [] { return dot(0, 1, 2); }},
      {"Sz Sz", kSpin, 2, [] { return Dense(0.25 * Z(0, 2) * Z(1, 2)); }},
      {"Sx Sx + Sy Sy", kSpin, 2, [] { return Dense(dot(0, 1, 2) - 0.25 * Z(0, 2) * Z(1, 2)); }},
      {"S+ S- + h.c.", kSpin, 2, [] { return Dense(raise(0, 2) * raise(1, 2).adjoint() + raise(0, 2).adjoint() * raise(1, 2)); }},
      {"X", kSpin, 1, [] { return X(0, 1); }},
      {"Y", kSpin, 1, [] { return Y(0, 1); }},
      {"Sy", kSpin, 1, [] { return Dense(0.5 * Y(0, 1)); }},
      {"X Y Z", kSpin, 3, [] { return Dense(X(0, 3) * Y(1, 3) * Z(2, 3)); }},
      {"Y Y", kSpin, 2, [] { return Dense(Y(0, 2) * Y(1, 2)); }},
      {"X Y", kSpin, 1, [] { return Dense(1i * Z(0, 1)); }},
      {"Z - 2 X/4 + 1", kSpin, 1, [] { return Dense(Z(0, 1) - 0.5 * X(0, 1) + unit(1)); }},
      {"(1/2) (Z + 2i X)", kSpin, 1, [] { return Dense(0.5 * Z(0, 1) + 1i * X(0, 1)); }},
      {"-(Z - 0.5)(Z - 0.5)", kSpin, 2, [] { return Dense(-(Z(0, 2) - 0.5 * unit(2)) * (Z(1, 2) - 0.5 * unit(2))); }},
      {"S.S - 1/4", kSpin, 2, [] { return Dense(dot(0, 1, 2) - 0.25 * unit(2)); }},
      {"S(1).S(2) S(3).S(4)", kSpin, 4, [] { return Dense(dot(0, 1, 4) * dot(2, 3, 4)); }},
      {"S.S S.S", kSpin, 4, [] { return Dense(dot(0, 1, 4) * dot(2, 3, 4)); }},
      {"Z(2)", kSpin, 3, [] { return Z(1, 3); }},
      {"Sx Sy - Sy Sx", kSpin, 2, [] { return Dense(0.25 * (X(0, 2) * Y(1, 2) - Y(0, 2) * X(1, 2))); }},
      {"[0, 0, 1].(S x S)", kSpin, 2, [] { return Dense(0.25 * (X(0, 2) * Y(1, 2) - Y(0, 2) * X(1, 2))); }},
      {"[1, -2, 0.5].S", kSpin, 1, [] { return Dense(0.5 * X(0, 1) - Y(0, 1) + 0.25 * Z(0, 1)); }},
      {"S.(S x S)", kSpin, 3,
       [] {
         const auto permuted = [](int i, int j, int k) { return Dense(X(i, 3) * Y(j, 3) * Z(k, 3)); };
         return Dense(0.125 *
                      (permuted(0, 1, 2) + permuted(1, 2, 0) + permuted(2, 0, 1) - permuted(1, 0, 2) - permuted(0, 2, 1) - permuted(2, 1, 0)));
       }},
      {"i S+ S- + h.c.", kSpin, 2,
       [] {
         const Dense hop = 1i * raise(0, 2) * raise(1, 2).adjoint();
         return Dense(hop + hop.adjoint());
       }},
  };
}

std::vector<Case> fermion_cases() {
  return {
      {"c+ c + h.c.", kSpinless, 2, [] { return Dense(c(0, 2).adjoint() * c(1, 2) + c(1, 2).adjoint() * c(0, 2)); }},
      {"c+ c+", kSpinless, 2, [] { return Dense(c(0, 2).adjoint() * c(1, 2).adjoint()); }},
      {"c c - h.c.", kSpinless, 2,
       [] {
         const Dense pair = c(0, 2) * c(1, 2);
         return Dense(pair - pair.adjoint());
       }},
      {"n n", kSpinless, 2, [] { return Dense(n(c(0, 2)) * n(c(1, 2))); }},
      {"c+(3) c(1) n(2)", kSpinless, 3, [] { return Dense(c(2, 3).adjoint() * c(0, 3) * n(c(1, 3))); }},
      {"c(1) c+(1)", kSpinless, 2, [] { return Dense(unit(2) - n(c(0, 2))); }},
      {"c+_up c_dn", kSpinful, 2, [] { return Dense(up(0, 2).adjoint() * down(1, 2)); }},
      {"c+_up c_up + c+_down c_down + h.c.", kSpinful, 2,
       [] {
         const Dense hop = up(0, 2).adjoint() * up(1, 2) + down(0, 2).adjoint() * down(1, 2);
         return Dense(hop + hop.adjoint());
       }},
      {"n_up n_dn", kSpinful, 1, [] { return Dense(n(up(0, 1)) * n(down(0, 1))); }},
      {"n_up(2) n_dn(2)", kSpinful, 2, [] { return Dense(n(up(1, 2)) * n(down(1, 2))); }},
      {"n_up n_up", kSpinful, 2, [] { return Dense(n(up(0, 2)) * n(up(1, 2))); }},
      {"(n - 1) (n - 1)", kSpinful, 2, [] { return Dense((n(up(0, 2)) + n(down(0, 2)) - unit(4)) * (n(up(1, 2)) + n(down(1, 2)) - unit(4))); }},
      {"S.S", kSpinful, 2,
       [] {
         Dense sum = Dense::Zero(16, 16);
         for (const char axis : {'X', 'Y', 'Z'}) sum += fermion_spin(axis, 0, 2) * fermion_spin(axis, 1, 2);
         return sum;
       }},
      {"S.S", kSpinful, 1, [] { return Dense(0.75 * (n(up(0, 1)) + n(down(0, 1)) - 2.0 * n(up(0, 1)) * n(down(0, 1)))); }},
      {"Sy", kSpinful, 1, [] { return fermion_spin('Y', 0, 1); }},
      {"S+ S-", kSpinful, 2, [] { return Dense(up(0, 2).adjoint() * down(0, 2) * down(1, 2).adjoint() * up(1, 2)); }},
      {"c+_up c+_dn c_dn c_up", kSpinful, 4, [] { return Dense(up(0, 4).adjoint() * down(1, 4).adjoint() * down(2, 4) * up(3, 4)); }},
  };
}

class ExpressionMatrix : public ::testing::TestWithParam<Case> {};

TEST_P(ExpressionMatrix, EqualsTheTextbook) {
  const Case& c = GetParam();
  const Expression expression = parse_expression(c.text, c.kind, c.slots);
  const Dense expected = c.expected();

  EXPECT_LT(test::difference(test::expression_matrix(expression, c.kind), expected), kTolerance) << c.text;
  for (const TermForm form : {TermForm::ladder, TermForm::shortest}) {
    EXPECT_LT(test::difference(test::expression_matrix(simplified(expression, c.kind, form), c.kind), expected), kTolerance) << c.text;
  }
}

INSTANTIATE_TEST_SUITE_P(Spins, ExpressionMatrix, ::testing::ValuesIn(spin_cases()));
INSTANTIATE_TEST_SUITE_P(Fermions, ExpressionMatrix, ::testing::ValuesIn(fermion_cases()));

Expression shortest(const char* text, int slots) { return simplified(parse_expression(text, kSpin, slots), kSpin, TermForm::shortest); }

TEST(Simplified, WritesAsFewProductsAsTheModelsDo) {
  EXPECT_EQ(shortest("S.S", 2).products.size(), 3u);
  EXPECT_EQ(shortest("Sx Sx + Sy Sy", 2).products.size(), 2u);
  EXPECT_EQ(shortest("X X", 2).products.size(), 1u);
  ASSERT_EQ(shortest("Y Y", 2).products.size(), 1u);
  EXPECT_EQ(shortest("Y Y", 2).products[0].coefficient.imag(), 0);
  EXPECT_EQ(shortest("X Y - i Z", 1).products.size(), 0u);
  EXPECT_EQ(simplified(parse_expression("Sx Sx + Sy Sy", kSpinful, 2), kSpinful, TermForm::shortest).products.size(), 2u);
}

TEST(Simplified, SaysWhichProductsCarryTheConjugateNumber) {
  const Expression hop = parse_expression("i c+ c + h.c.", kSpinless, 2);
  ASSERT_EQ(hop.products.size(), 2u);
  EXPECT_EQ(hop.products[0].conjugation, Conjugation::plain);
  EXPECT_EQ(hop.products[0].coefficient, 1i);
  EXPECT_EQ(hop.products[1].conjugation, Conjugation::conjugate);
  EXPECT_EQ(hop.products[1].coefficient, -1i);
}

TEST(NormalForm, RefusesProductsThatWouldNotFit) {
  NormalForm form;
  Factors flips;
  for (int mode = 0; mode < 17; ++mode) flips.emplace_back(Factor::sx, mode);
  EXPECT_THROW(form.add(1, flips), InputError);
}

struct Refusal {
  const char* text;
  SectorKind kind;
  int slots, column;
  const char* part;  // of the message
};

class ExpressionRefusal : public ::testing::TestWithParam<Refusal> {};

TEST_P(ExpressionRefusal, NamesTheColumnAndTheReason) {
  const Refusal& r = GetParam();
  try {
    parse_expression(r.text, r.kind, r.slots);
    FAIL() << r.text;
  } catch (const ExpressionError& error) {
    EXPECT_EQ(error.column(), r.column) << error.what();
    EXPECT_NE(std::string(error.what()).find(r.part), std::string::npos) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, ExpressionRefusal,
    ::testing::Values(Refusal{"Sz Sq", kSpin, 2, 4, "unknown operator 'Sq' (known on spins: Sz, Sx, Sy, S+, S-, X, Y, Z, S.S)"},
                      Refusal{"c+ c", kSpin, 2, 1, "operator 'c+' acts on fermions without spin, but the sector holds spins"},
                      Refusal{"c+ c", kSpinful, 2, 1, "acts on fermions without spin, but the sector holds fermions with spin"},
                      Refusal{"n n_up", kSpinless, 2, 3, "acts on fermions with spin"},
                      Refusal{"S.S", kSpinless, 2, 1, "acts on spins or fermions with spin"}, Refusal{"", kSpin, 1, 1, "the expression ends"},
                      Refusal{"Sz +", kSpin, 1, 5, "the expression ends"}, Refusal{"Sz )", kSpin, 1, 4, "')' is not expected here"},
                      Refusal{"(Sz + Sx", kSpin, 1, 9, "')' is missing"}, Refusal{"h.c.", kSpin, 1, 1, "nothing before it"},
                      Refusal{"S+ h.c.", kSpin, 1, 4, "stands after + or -"},
                      Refusal{"Sz", kSpin, 2, 1, "1 operator in a product, but the term acts on tuples of 2 sites"},
                      Refusal{"Z Z Z", kSpin, 2, 1, "3 operators in a product"},
                      Refusal{"S.S + Sz", kSpin, 2, 7, "products on 1 and 2 sites are added"}, Refusal{"Z(1) Z", kSpin, 2, 1, "name all or none"},
                      Refusal{"Z(3)", kSpin, 2, 2, "site 3 of 2"}, Refusal{"Z(0)", kSpin, 2, 2, "counted from 1"},
                      Refusal{"S S", kSpin, 2, 3, "'.' is missing"}, Refusal{"S.Sz", kSpin, 2, 3, "a vector is expected"},
                      Refusal{"Sz / Sz", kSpin, 2, 6, "only numbers can divide"}, Refusal{"Sz * ", kSpin, 1, 6, "is expected"},
                      Refusal{"[1, 2].S", kSpin, 1, 6, "three numbers"}, Refusal{"Sz $", kSpin, 1, 4, "'$' is not expected here"},
                      Refusal{"Sz/0", kSpin, 1, 1, "not finite"}, Refusal{"1e999 Sz", kSpin, 1, 1, "a number is expected"}));

TEST(ExpressionRefusals, DeepAndLongTextsEndInAnError) {
  EXPECT_THROW(parse_expression(std::string(100000, '('), kSpin, 1), ExpressionError);
  std::string text;
  for (int k = 0; k < 40; ++k) text += "(X + Y)";
  EXPECT_THROW(parse_expression(text, kSpin, 40), ExpressionError);
}

TEST(ExpressionRefusals, RandomTextIsReadOrRefused) {
  const std::vector<std::string> words = {"S", ".", "x",    "(", ")", "[", "]", ",",   "Sz",  "S+", "S-",  "+",
                                          "-", " ", "h.c.", "i", "2", "/", "*", "(1)", "(2)", "1e", "_up", "c+"};
  std::mt19937 random(1);
  int read = 0;
  for (int trial = 0; trial < 50000; ++trial) {
    std::string text;
    for (std::size_t k = 0, length = 1 + random() % 8; k < length; ++k) text += words[random() % words.size()];
    try {
      simplified(parse_expression(text, kSpin, 2), kSpin, TermForm::shortest);
      ++read;
    } catch (const ExpressionError& error) {
      EXPECT_TRUE(error.column() >= 1 && error.column() <= static_cast<int>(text.size()) + 1) << error.what();
    }
  }
  EXPECT_GT(read, 100);
}

}  // namespace
}  // namespace qs

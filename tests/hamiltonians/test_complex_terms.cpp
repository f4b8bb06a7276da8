// Operators with complex coefficients: elements against Kronecker and Jordan-Wigner products, and what counts as real.
#include <gtest/gtest.h>

#include <complex>
#include <map>
#include <numbers>

#include "complex_models.h"
#include "engine/base/error.h"
#include "engine/base/random.h"
#include "exact.h"
#include "hamiltonians/expression.h"
#include "hamiltonians/term_compile.h"
#include "hamiltonians/term_table.h"

namespace qs {
namespace {

using test::complex_operator_matrix;
using test::complex_table_matrix;
using test::ComplexSparse;
using test::difference;
using Complex = std::complex<double>;

// Random sums of products of up to five factors on two couplings, each with its adjoint; the factors are moved up by `first` modes of `modes`.
Operator random_hermitian(std::span<const Factor> factors, int active, std::uint64_t seed, int first, int modes) {
  Operator op{"random", "-", modes, {}, {}};
  for (int t = 0; t < 40; ++t) {
    std::uint32_t draw = 0;
    const auto below = [&](std::uint32_t n) {
      const RandomWords words = random_words({seed, 0}, static_cast<std::uint32_t>(t), 0, draw++);
      return uniform_below(n, words.word[0], words.word[1]);
    };
    std::vector<std::pair<Factor, int>> product, reversed;
    for (std::uint32_t k = below(6); k > 0; --k) product.emplace_back(factors[below(factors.size())], first + static_cast<int>(below(active)));
    for (auto factor = product.rbegin(); factor != product.rend(); ++factor) reversed.emplace_back(adjoint(factor->first), factor->second);
    const Complex coefficient(0.1 * below(40) - 2, 0.1 * below(40) - 2);
    const std::string coupling = below(2) == 0 ? "1" : "a";
    op.add(coefficient, coupling, product);
    op.add(std::conj(coefficient), coupling, reversed);
  }
  return op;
}

constexpr Factor spin_factors[] = {Factor::sz, Factor::s_plus, Factor::s_minus, Factor::sx, Factor::pauli_x, Factor::pauli_z};
constexpr Factor fermion_factors[] = {Factor::number, Factor::create, Factor::annihilate};

std::vector<double> values(const Operator& op) {
  std::vector<double> couplings;
  for (const std::string& name : op.couplings) couplings.push_back(name == "1" ? 1 : -0.7);
  return couplings;
}

TEST(ComplexTerms, EqualProductsOfOneModeMatrices) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    for (const std::span<const Factor> factors : {std::span<const Factor>(spin_factors), std::span<const Factor>(fermion_factors)}) {
      const Operator op = random_hermitian(factors, 5, seed, 0, 5);
      const TermTable table(op);
      const ComplexSparse expected = complex_operator_matrix(op, values(op));
      const Sector everything({.kind = SectorKind::spin_half, .sites = 5, .up = -1});

      EXPECT_FALSE(table.is_real()) << seed;
      EXPECT_LT(difference(complex_table_matrix(table, values(op)), expected), 1e-13) << seed;
      EXPECT_LT(difference(complex_table_matrix(table, values(op), everything), expected), 1e-13) << seed;
      EXPECT_LT(difference(expected, ComplexSparse(expected.adjoint())), 1e-13) << seed;
    }
  }
}

TEST(ComplexTerms, AreTheSameInTwoAndThreeWords) {
  const Operator narrow = random_hermitian(spin_factors, 5, 3, 0, 5);
  const TermTable one(narrow);
  for (const auto& [first, modes] : {std::pair{62, 70}, std::pair{130, 140}}) {
    const TermTable wide(random_hermitian(spin_factors, 5, 3, first, modes));
    ASSERT_EQ(wide.groups(), one.groups());
    for (Word state = 0; state < 32; ++state) {
      std::vector<Word> row(wide.words(), 0), bits, wide_bits;
      for (int mode = 0; mode < 5; ++mode) {
        if (state >> mode & 1u) flip_bit(row.data(), first + mode);
      }
      std::vector<Complex> elements, wide_elements;
      const std::vector<double> couplings = values(narrow);
      ASSERT_EQ(wide.connected(row.data(), couplings.data(), wide_bits, wide_elements), one.connected(&state, couplings.data(), bits, elements));
      std::map<Word, Complex> by_state;  // groups of the wide operator may come in another order
      for (std::size_t k = 0; k < elements.size(); ++k) {
        Word partner = 0;
        for (int mode = 0; mode < 5; ++mode) partner |= Word{test_bit(&wide_bits[k * wide.words()], first + mode)} << mode;
        by_state[partner] = wide_elements[k];
      }
      for (std::size_t k = 0; k < elements.size(); ++k) EXPECT_LT(std::abs(elements[k] - by_state.at(bits[k])), 1e-14);
      Complex sum = 0, of_elements = 0;
      for (const Complex element : elements) sum += element;
      for (std::int64_t g = 0; g < one.groups(); ++g) of_elements += one.element<Complex>(&state, g, couplings.data());
      EXPECT_LT(std::abs(sum - of_elements), 1e-13);
    }
  }
}

// The oracle is made of S^x, S^y, S^z as matrices, not of the terms.
TEST(ComplexTerms, OfDzyaloshinskyAndMoriyaAreCrossProductsOfSpins) {
  constexpr int sites = 4;
  const std::array<double, 3> d = {0.3, -0.4, 0.5};
  const auto spin = [](int axis, int site) {
    Eigen::Matrix2cd one;  // down, up
    if (axis == 0) one << 0, 0.5, 0.5, 0;
    if (axis == 1) one << 0, Complex(0, 0.5), Complex(0, -0.5), 0;
    if (axis == 2) one << -0.5, 0, 0, 0.5;
    Eigen::MatrixXcd result = Eigen::MatrixXcd::Identity(1, 1);
    for (int s = sites - 1; s >= 0; --s) {
      const Eigen::Matrix2cd factor = s == site ? one : Eigen::Matrix2cd(Eigen::Matrix2cd::Identity());
      Eigen::MatrixXcd larger(2 * result.rows(), 2 * result.cols());
      for (Eigen::Index i = 0; i < result.rows(); ++i) {
        for (Eigen::Index j = 0; j < result.cols(); ++j) larger.block<2, 2>(2 * i, 2 * j) = result(i, j) * factor;
      }
      result = larger;
    }
    return result;
  };
  Eigen::MatrixXcd expected = Eigen::MatrixXcd::Zero(1 << sites, 1 << sites);
  for (int i = 0; i < sites; ++i) {
    const int j = (i + 1) % sites;
    for (int a = 0; a < 3; ++a) {
      const int b = (a + 1) % 3, c = (a + 2) % 3;
      expected += spin(a, i) * spin(a, j) + 0.7 * d[a] * (spin(b, i) * spin(c, j) - spin(c, i) * spin(b, j));
    }
  }
  const Operator op = test::dm_ring(sites, d);
  const Eigen::MatrixXcd found(complex_table_matrix(TermTable(op), op.coupling_values({{"J", 1}, {"D", 0.7}})));
  EXPECT_LT((found - expected).cwiseAbs().maxCoeff(), 1e-14);
}

TEST(ComplexTerms, ThatAreRealAfterAllCostNothing) {
  EXPECT_TRUE(is_real(test::dm_ring(6, {0, 0, 0})));  // S^y S^y is real
  EXPECT_FALSE(is_real(test::dm_ring(6, {0, 0, 1})));
  EXPECT_TRUE(is_real(test::flux_ring(6, 0)));
  EXPECT_FALSE(is_real(test::flux_ring(6, 1)));
  Operator seam{"seam", "t", 2, {}, {}};
  const Complex minus_one = std::polar(1.0, std::numbers::pi);  // has an imaginary part of 1e-16
  ASSERT_NE(minus_one.imag(), 0);
  seam.add(minus_one, "t", {{Factor::create, 0}, {Factor::annihilate, 1}});
  seam.add(std::conj(minus_one), "t", {{Factor::create, 1}, {Factor::annihilate, 0}});
  EXPECT_TRUE(is_real(seam));
  EXPECT_TRUE(TermTable(seam).group_arrays().imaginary.empty());
  EXPECT_EQ(TermTable(seam).group_arrays().exchange_value.size(), 1u);
}

TEST(ComplexTerms, OnTheDiagonalAreRefused) {
  Operator op{"tilted", "-", 2, {}, {}};
  op.add({1, 0.5}, "1", {{Factor::number, 0}});
  EXPECT_THROW(TermTable{op}, InputError);
}

// E_inf is the mean of the diagonal, whatever the phases are.
TEST(ComplexTerms, LeaveTheMeanOfTheDiagonal) {
  const ProblemFamily family = test::flux_family(6, 3, 1, 2.5);
  const Problem& problem = family.problems[0];
  const ComplexSparse matrix = complex_table_matrix(family.table, problem.couplings, problem.sector);
  EXPECT_NEAR(problem.infinite_temperature_energy, Eigen::MatrixXcd(matrix).trace().real() / static_cast<double>(problem.sector.dimension()), 1e-13);
}

}  // namespace
}  // namespace qs

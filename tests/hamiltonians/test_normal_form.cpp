// Random sums of products: the expansion in letters is the same operator, and the facts read off it are those of the dense matrix.
#include <gtest/gtest.h>

#include <random>

#include "complex_exact.h"
#include "hamiltonians/normal_form.h"
#include "hamiltonians/term_facts.h"

namespace qs {
namespace {

using test::Dense;

constexpr int kModes = 4;

Operator random_operator(SectorKind kind, int products, std::mt19937& random) {
  const std::vector<Factor> vocabulary = kind == SectorKind::spin_half
                                             ? std::vector{Factor::sz, Factor::sx, Factor::s_plus, Factor::s_minus, Factor::pauli_x, Factor::pauli_z}
                                             : std::vector{Factor::number, Factor::create, Factor::annihilate};
  Operator op{"random", "-", kModes, {}, {}};
  for (int p = 0; p < products; ++p) {
    Factors factors;
    const int length = static_cast<int>(random() % 4);
    for (int f = 0; f < length; ++f) factors.emplace_back(vocabulary[random() % vocabulary.size()], static_cast<int>(random() % kModes));
    const std::complex<double> quarter[4] = {{1, 0}, {0, 1}, {-0.5, 0}, {0.25, 0}};
    op.add(quarter[random() % 4], "1", factors);
  }
  return op;
}

// The operator plus its adjoint, by reversing factors.
Operator symmetrised(const Operator& op) {
  Operator result = op;
  for (const SymbolicTerm& term : op.terms) {
    Factors reversed(term.factors.rbegin(), term.factors.rend());
    for (auto& factor : reversed) factor.first = adjoint(factor.first);
    result.add(std::conj(term.coefficient), "1", reversed);
  }
  return result;
}

Dense change_of(const Dense& h, const std::vector<int>& signs) {  // [sum_m sign_m n_m, h]
  Dense number = Dense::Zero(h.rows(), h.cols());
  for (Eigen::Index state = 0; state < h.rows(); ++state) {
    for (int mode = 0; mode < kModes; ++mode) number(state, state) += signs[mode] * static_cast<double>(state >> mode & 1);
  }
  return number * h - h * number;
}

class RandomOperators : public ::testing::TestWithParam<SectorKind> {};

TEST_P(RandomOperators, ExpandIntoTheSameMatrix) {
  std::mt19937 random(5);
  for (int trial = 0; trial < 100; ++trial) {
    const Operator op = random_operator(GetParam(), 4, random);
    NormalForm form;
    for (const SymbolicTerm& term : op.terms) form.add(term.coefficient, term.factors);
    Operator expanded{"expanded", "-", kModes, {}, {}};
    for (const auto& [monomial, value] : form.collected()) expanded.add(value, "1", factors_of(monomial, GetParam()));
    EXPECT_LT(test::difference(test::dense_operator(op, {}), test::dense_operator(expanded, {})), 1e-14);
  }
}

TEST_P(RandomOperators, HaveTheFactsOfTheirMatrix) {
  const SectorKind kind = GetParam();
  const bool spinful = kind == SectorKind::spinful_fermions, fermions = kind != SectorKind::spin_half;
  const std::vector<int> all(kModes, 1), up_minus_down = {-1, -1, 1, 1};
  std::mt19937 random(6);
  int hermitian = 0, conserving = 0;
  for (int trial = 0; trial < 400; ++trial) {
    const Operator op = trial % 2 ? random_operator(kind, 1, random) : symmetrised(random_operator(kind, 2, random));
    const Dense h = test::dense_operator(op, {});
    const OperatorFacts facts = facts_of(op, kind);
    const auto vanishes = [](const Dense& m) { return m.cwiseAbs().maxCoeff() < 1e-13; };

    EXPECT_EQ(facts.hermitian, vanishes(h - h.adjoint()));
    EXPECT_EQ(facts.real, h.imag().cwiseAbs().maxCoeff() < 1e-13);
    const bool number = vanishes(change_of(h, all));
    if (fermions) {
      EXPECT_EQ(facts.conserves_particles, number);
    } else {
      EXPECT_EQ(facts.conserves_spin, number);
    }
    if (spinful) {
      EXPECT_EQ(facts.conserves_spin, vanishes(change_of(h, up_minus_down)));
    }
    hermitian += facts.hermitian;
    conserving += number;
  }
  EXPECT_GT(hermitian, 200);
  EXPECT_LT(hermitian, 400);
  EXPECT_GT(conserving, 20);
  EXPECT_LT(conserving, 380);
}

INSTANTIATE_TEST_SUITE_P(All, RandomOperators, ::testing::Values(SectorKind::spin_half, SectorKind::spinless_fermions, SectorKind::spinful_fermions));

}  // namespace
}  // namespace qs

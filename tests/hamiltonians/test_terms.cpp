// Lists of terms against dense matrices and against the models of the registry.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "complex_exact.h"
#include "hamiltonians/registry.h"
#include "hamiltonians/term_compile.h"
#include "hamiltonians/term_facts.h"
#include "hamiltonians/terms.h"

namespace qs {
namespace {

using test::Dense;
using test::periodic;
using namespace std::complex_literals;

constexpr auto kSpin = SectorKind::spin_half;
constexpr auto kSpinless = SectorKind::spinless_fermions;
constexpr auto kSpinful = SectorKind::spinful_fermions;
constexpr double kTolerance = 1e-13;  // sums of at most 100 terms of order 1

Lattice ring(int sites) { return Lattice(periodic("chain", {sites})); }
Lattice open_chain(int sites) { return Lattice({"chain", {sites}, {Boundary::open}}); }
TermSpec term(const std::string& expression, Where where, const std::string& coupling = "", Coefficient coefficient = ConstantValue{}) {
  return {"", expression, std::move(where), std::move(coefficient), coupling};
}
Eigen::VectorXd spectrum(const Dense& matrix) { return Eigen::SelfAdjointEigenSolver<Dense>(matrix, Eigen::EigenvaluesOnly).eigenvalues(); }

// The models of the registry, written as terms. Compiled terms must be the same to the last bit, coupling names included.
struct ModelCase {
  std::string model;
  Lattice lattice;
  SignRule sign_rule;
  std::vector<TermSpec> terms;
};

ValueList haldane_shastry_values(int n, const SiteTuples& pairs) {
  ValueList list;
  for (const auto& pair : pairs) {
    const int steps = std::min(pair[1] - pair[0], n - (pair[1] - pair[0]));
    const double inverse_chord = std::numbers::pi / (n * std::sin(std::numbers::pi * steps / n));
    list.values.push_back(inverse_chord * inverse_chord);
  }
  return list;
}

std::vector<ModelCase> model_cases() {
  const Lattice square_4x4(periodic("square", {4, 4})), square_2x4(periodic("square", {2, 4}));
  const Lattice antiperiodic({"square", {3, 4}, {Boundary::antiperiodic, Boundary::periodic}});
  const Lattice honeycomb({"honeycomb", {3, 2}, {Boundary::open, Boundary::periodic}});
  SiteTuples pairs;
  for (int i = 0; i < 7; ++i) {
    for (int j = i + 1; j < 7; ++j) pairs.push_back({i, j});
  }
  std::vector<int> odd_sites;
  for (int b = 1; b < 12; b += 2) odd_sites.push_back(b);
  const ExplicitTuples dimers{{{0, 5}, {2, 7}, {6, 1}, {4, 3}}};
  const std::vector<TermSpec> heisenberg = {term("S.S", ShellBonds{1}, "J1"), term("S.S", ShellBonds{2}, "J2"), term("S.S", ShellBonds{3}, "J3")};
  const std::vector<TermSpec> tv = {term("-(c+ c + h.c.)", ShellBonds{1}, "t"), term("n n", ShellBonds{1}, "V"),
                                    term("n", SiteList{odd_sites}, "delta")};
  return {
      {"heisenberg", square_4x4, SignRule::none, heisenberg},
      {"heisenberg", square_4x4, SignRule::marshall, heisenberg},
      {"heisenberg", Lattice(periodic("kagome", {2, 3})), SignRule::none, {heisenberg[0], heisenberg[1]}},
      {"xxz", ring(7), SignRule::none, {term("Sx Sx + Sy Sy", ShellBonds{1}, "J"), term("Sz Sz", ShellBonds{1}, "J*Delta")}},
      {"tfim",
       Lattice(periodic("triangular", {3, 3})),
       SignRule::none,
       {term("-Z Z", ShellBonds{1}, "J"), term("X", AllSites{}, "Gamma", ConstantValue{-1})}},
      {"shastry_sutherland", square_2x4, SignRule::none, {term("S.S", ShellBonds{1}, "Js"), term("S.S", dimers, "Jd")}},
      {"haldane_shastry", ring(7), SignRule::none, {term("S.S", ExplicitTuples{pairs}, "J", haldane_shastry_values(7, pairs))}},
      {"tv", antiperiodic, SignRule::none, {tv[0], tv[1]}},
      {"tv", honeycomb, SignRule::none, tv},
      {"hubbard", antiperiodic, SignRule::none, {term("-(c+_up c_up + c+_dn c_dn + h.c.)", ShellBonds{1}, "t"), term("n_up n_dn", AllSites{}, "U")}}};
}

class TermsOfModel : public ::testing::TestWithParam<ModelCase> {};

TEST_P(TermsOfModel, CompileToTheSameBits) {
  const ModelCase& c = GetParam();
  const ModelEntry& entry = find_model(c.model);
  ModelOptions options;
  options.sign_rule = c.sign_rule;
  for (const TermSpec& spec : c.terms) options.active.insert(spec.coupling == "J*Delta" ? "Delta" : spec.coupling);
  const Operator model = entry.build(c.lattice, options);
  Operator written = build_terms(c.lattice, entry.sector.value(), c.terms, {.sign_rule = c.sign_rule});
  const OperatorFacts facts = facts_of(written, entry.sector.value());

  std::map<std::string, std::vector<CompiledTerm>> expected, found;
  for (CompiledTerm& t : compile_terms(model)) expected[model.couplings[t.coupling]].push_back(std::move(t));
  for (CompiledTerm& t : compile_terms(written)) found[written.couplings[t.coupling]].push_back(std::move(t));
  ASSERT_EQ(expected.size(), found.size());
  for (const auto& [coupling, terms] : expected) {
    ASSERT_EQ(terms.size(), found[coupling].size()) << coupling;
    for (std::size_t t = 0; t < terms.size(); ++t) {
      const CompiledTerm &a = terms[t], &b = found[coupling][t];
      EXPECT_TRUE(a.flip == b.flip && a.mask == b.mask && a.pattern == b.pattern && a.string == b.string && a.value == b.value) << coupling << t;
    }
  }
  EXPECT_TRUE(facts.hermitian && facts.real && facts.conserves_particles);
  EXPECT_EQ(facts.conserves_spin, entry.spin_number == SpinNumber::conserved);
}

INSTANTIATE_TEST_SUITE_P(All, TermsOfModel, ::testing::ValuesIn(model_cases()),
                         [](const auto& test) { return test.param.model + std::to_string(test.index); });

TEST(Terms, RingExchangeIsThePermutationOfFourSpins) {
  const std::string exchange =
      "S(1).S(2) + S(2).S(3) + S(3).S(4) + S(4).S(1) + S(1).S(3) + S(2).S(4)"
      " + 4 (S(1).S(2) S(3).S(4) + S(1).S(4) S(2).S(3) - S(1).S(3) S(2).S(4)) + 1/4";
  Dense permutation = Dense::Zero(16, 16);
  for (int s = 0; s < 16; ++s) permutation(((s << 1) | (s >> 3)) & 15, s) = 1;
  const Lattice plaquette({"square", {2, 2}, {Boundary::open, Boundary::open}});
  const CellPattern corners{{{{0, 0, 0}, 0}, {{1, 0, 0}, 0}, {{1, 1, 0}, 0}, {{0, 1, 0}, 0}}};

  const Operator tuple = build_terms(ring(4), kSpin, {term(exchange, ExplicitTuples{{{0, 1, 2, 3}}}, "K")}, {});
  const Operator pattern = build_terms(plaquette, kSpin, {term(exchange, corners)}, {});

  EXPECT_LT(test::difference(test::dense_operator(tuple, {{"K", 1}}), Dense(permutation + permutation.adjoint())), kTolerance);
  EXPECT_TRUE(facts_of(tuple, kSpin).hermitian && facts_of(tuple, kSpin).real && facts_of(tuple, kSpin).conserves_spin);
  EXPECT_EQ(pattern.couplings, std::vector<std::string>{"1"});
  EXPECT_NEAR(spectrum(test::dense_operator(pattern, {}))[0], -2, kTolerance);
}

Dense dm_ring(int n, double strength) {
  Dense h = Dense::Zero(1 << n, 1 << n);
  for (int s = 0; s < n; ++s) {
    const int next = (s + 1) % n;
    h += strength / 4 * (test::pauli('X', s, n) * test::pauli('Y', next, n) - test::pauli('Y', s, n) * test::pauli('X', next, n));
  }
  return h;
}

TEST(Terms, DzyaloshinskiiMoriyaBondsPointAroundTheRing) {
  for (const std::string expression : {"[0, 0, 1].(S x S)", "Sx Sy - Sy Sx", "i/2 S+ S- + h.c."}) {
    for (const Where& where : {Where(ShellBonds{1}), Where(CellPattern{{{{0, 0, 0}, 0}, {{1, 0, 0}, 0}}})}) {
      const Operator op = build_terms(ring(5), kSpin, {term(expression, where, "D")}, {});
      const OperatorFacts facts = facts_of(op, kSpin);
      EXPECT_LT(test::difference(test::dense_operator(op, {{"D", 0.7}}), dm_ring(5, 0.7)), kTolerance) << expression;
      EXPECT_TRUE(facts.hermitian && !facts.real && facts.conserves_spin);
    }
  }
  EXPECT_EQ(first_complex_term(ring(5), kSpin, {term("S.S", ShellBonds{1}), term("[0,0,1].(S x S)", ShellBonds{1})}, {}), 1);
}

TEST(Terms, ComplexNumbersAreConjugatedInTheAdjoint) {
  const std::complex<double> t = std::polar(0.8, 0.3);
  const Operator op = build_terms(open_chain(3), kSpinless, {term("c+ c + h.c.", ShellBonds{1}, "", ConstantValue{t})}, {});
  Dense expected = Dense::Zero(8, 8);
  for (int s = 0; s < 2; ++s) expected += t * test::annihilator(s, 3).adjoint() * test::annihilator(s + 1, 3);

  EXPECT_LT(test::difference(test::dense_operator(op, {}), Dense(expected + expected.adjoint())), kTolerance);
  EXPECT_TRUE(facts_of(op, kSpinless).hermitian);
  EXPECT_FALSE(facts_of(op, kSpinless).real);
}

TermError error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const TermError& error) {
    return error;
  }
  return {-1, -1, "nothing was thrown"};
}

TEST(TermFacts, NameTheTermThatIsWrong) {
  const Lattice lattice = ring(4);
  const std::vector<TermSpec> hops = {term("n n", ShellBonds{1}), term("c+ c", ShellBonds{1})};
  const TermError not_hermitian = error_of([&] { require_hermitian(lattice, kSpinless, hops, {}); });
  EXPECT_EQ(not_hermitian.term(), 1);
  EXPECT_NE(std::string(not_hermitian.what()).find("'c+ c' is not hermitian"), std::string::npos) << not_hermitian.what();

  const TermError not_conserved = error_of([&] {
    require_conserved(lattice, {kSpin, 4, 2, -1}, {term("S.S", ShellBonds{1}), term("X", AllSites{})}, {});
  });
  EXPECT_EQ(not_conserved.term(), 1);
  EXPECT_NE(std::string(not_conserved.what()).find("'X' changes the total Sz"), std::string::npos) << not_conserved.what();
  EXPECT_NO_THROW(require_conserved(lattice, {kSpin, 4, -1, -1}, {term("X", AllSites{})}, {}));

  const std::vector<TermSpec> pairing = {term("c+ c+ + h.c.", ShellBonds{1})};
  EXPECT_NO_THROW(require_hermitian(lattice, kSpinless, pairing, {}));
  EXPECT_EQ(error_of([&] { require_conserved(lattice, {kSpinless, 4, 2, -1}, pairing, {}); }).term(), 0);
  EXPECT_EQ(error_of([&] { require_conserved(lattice, {kSpinful, 4, 2, 2}, {term("Sx", AllSites{})}, {}); }).term(), 0);
}

TEST(TermFacts, LookAtTheSumAndAtEveryCoupling) {
  const std::vector<TermSpec> halves = {term("S+ S-", ShellBonds{1}), term("S- S+", ShellBonds{1})};
  EXPECT_NO_THROW(require_hermitian(ring(4), kSpin, halves, {}));
  const std::vector<TermSpec> two_couplings = {term("S+ S-", ShellBonds{1}, "a"), term("S- S+", ShellBonds{1}, "b")};
  EXPECT_EQ(error_of([&] { require_hermitian(ring(4), kSpin, two_couplings, {}); }).term(), 0);
  const std::vector<TermSpec> cancel = {term("c+ c+", ShellBonds{1}), term("-c+ c+", ShellBonds{1})};
  EXPECT_TRUE(facts_of(build_terms(ring(4), kSpinless, cancel, {}), kSpinless).conserves_particles);
}

// H(phi) of a t-V ring threaded by a flux: unitarily the same at phi + 2 pi, and at phi = pi the antiperiodic ring.
TEST(Terms, TwistedRingHasPeriodTwoPi) {
  const std::vector<TermSpec> tv = {term("-(c+ c + h.c.)", ShellBonds{1}), term("1.5 n n", ShellBonds{1})};
  const auto twisted = [&](double angle) { return build_terms(ring(6), kSpinless, tv, {.twist = {angle, 0, 0}}); };
  const auto energies = [&](double angle) { return spectrum(test::dense_operator(twisted(angle), {})); };
  const Lattice antiperiodic({"chain", {6}, {Boundary::antiperiodic}});

  EXPECT_TRUE(facts_of(twisted(0.4), kSpinless).hermitian);
  EXPECT_FALSE(facts_of(twisted(0.4), kSpinless).real);
  EXPECT_TRUE(facts_of(twisted(std::numbers::pi), kSpinless).real);
  EXPECT_LT((energies(0.4) - energies(0.4 + 2 * std::numbers::pi)).cwiseAbs().maxCoeff(), 1e-12);
  EXPECT_GT((energies(0.4) - energies(0.9)).cwiseAbs().maxCoeff(), 0.05);
  EXPECT_LT(
      test::difference(test::dense_operator(twisted(std::numbers::pi), {}), test::dense_operator(build_terms(antiperiodic, kSpinless, tv, {}), {})),
      kTolerance);
}

// One particle on a twisted ring: -2 cos((2 pi k + phi) / L), L = 5; the spin flip of an XY ring moves alike.
TEST(Terms, TwistShiftsTheMomentaOfParticlesAndMagnons) {
  const double phi = 0.7;
  const auto one_particle = [&](SectorKind kind, const char* hop) {
    const Dense h = test::dense_operator(build_terms(ring(5), kind, {term(hop, ShellBonds{1})}, {.twist = {phi, 0, 0}}), {});
    Dense block(5, 5);
    for (int i = 0; i < 5; ++i) {
      for (int j = 0; j < 5; ++j) block(i, j) = h(1 << i, 1 << j);
    }
    return spectrum(block);
  };
  std::vector<double> expected;
  for (int k = 0; k < 5; ++k) expected.push_back(-2 * std::cos((2 * std::numbers::pi * k + phi) / 5));
  std::sort(expected.begin(), expected.end());

  const Eigen::VectorXd fermion = one_particle(kSpinless, "-(c+ c + h.c.)"), magnon = one_particle(kSpin, "-2 (Sx Sx + Sy Sy)");
  for (int k = 0; k < 5; ++k) {
    EXPECT_NEAR(fermion[k], expected[k], 1e-13);
    EXPECT_NEAR(magnon[k], expected[k], 1e-13);
  }
}

TEST(Terms, TwistRefusesPairsJoinedTwice) {
  EXPECT_EQ(error_of([&] { build_terms(ring(2), kSpinless, {term("c+ c + h.c.", ShellBonds{1})}, {.twist = {0.1, 0, 0}}); }).term(), 0);
  const Lattice narrow(periodic("square", {3, 2}));
  EXPECT_NO_THROW(build_terms(narrow, kSpinless, {term("c+ c + h.c.", ShellBonds{1})}, {.twist = {0.1, 0, 0}}));
}

// Landau gauge, flux 1/4 per plaquette: the spectrum of one particle on the 4 x 4 torus does not depend on where the gauge starts.
TEST(Terms, PlaneWaveIsAMagneticField) {
  const Lattice torus(periodic("square", {4, 4}));
  const CellPattern along_x{{{{0, 0, 0}, 0}, {{1, 0, 0}, 0}}}, along_y{{{{0, 0, 0}, 0}, {{0, 1, 0}, 0}}};
  const auto ground = [&](double phase) {
    const Operator op =
        build_terms(torus, kSpinless, {term("-c+ c + h.c.", along_x), term("-c+ c + h.c.", along_y, "", PlaneWave{1, {0.25, 0, 0}, phase})}, {});
    EXPECT_TRUE(facts_of(op, kSpinless).hermitian);
    Dense block = Dense::Zero(16, 16);
    for (const SymbolicTerm& t : op.terms) {  // one particle: c+_i c_j is |i><j|; c_i c+_j = -|j><i| by antisymmetry
      const bool creates_first = t.factors[0].first == Factor::create;
      block(t.factors[creates_first ? 0 : 1].second, t.factors[creates_first ? 1 : 0].second) += creates_first ? t.coefficient : -t.coefficient;
    }
    EXPECT_LT(test::difference(block, Dense(block.adjoint())), kTolerance);
    return spectrum(block)[0];
  };
  EXPECT_NEAR(ground(0), -2 * std::sqrt(2.0), 1e-12);  // the bottom of the Hofstadter bands at 1/4, at k = 0
  EXPECT_NEAR(ground(std::numbers::pi / 2), -2 * std::sqrt(2.0), 1e-12);
}

TEST(Terms, AubryAndreFieldFollowsTheCosine) {
  const double q = (std::sqrt(5.0) - 1) / 2;
  const Operator op = build_terms(open_chain(5), kSpinless, {term("n", AllSites{}, "lambda", Cosine{2, {q, 0, 0}, 0.3})}, {});
  ASSERT_EQ(op.terms.size(), 5u);
  for (int x = 0; x < 5; ++x) EXPECT_NEAR(op.terms[x].coefficient.real(), 2 * std::cos(2 * std::numbers::pi * q * x + 0.3), 1e-14);
}

}  // namespace
}  // namespace qs

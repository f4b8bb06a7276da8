// Hamiltonians and lattices that the input writes out, through the planner: what they become, and what a user reads when they are wrong.
#include <gmock/gmock.h>

#include "hamiltonians/lattice_kinds.h"
#include "tests/plan_of.h"

namespace qs {
namespace {

using test::plan_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string input(const std::string& lattice, const std::string& sector, const std::string& hamiltonian, const std::string& more = "") {
  return "format: 1\noutput: {directory: runs/x}\nsystem:\n  lattice: " + lattice + "\n  sector: " + sector + "\n  hamiltonian: " + hamiltonian +
         "\n" + more + "stages:\n  - {kind: ed}\n";
}

const std::string spins = "{kind: spin_half, total_sz: 0}", ring = "{kind: chain, size: [6]}";

std::string refusal(const std::string& text) {
  input::Diagnostics diagnostics;
  const input::Document document = input::load_text(vocabulary(), text, "input.yaml", {}, diagnostics);
  if (!diagnostics.has_errors()) make_plan(document, diagnostics);
  return diagnostics.render();
}

TEST(PlanOfTerms, EqualsTheModelOfTheSameTerms) {
  const RunPlan model = plan_of(input(ring, spins, "{kind: xxz, J: 1.0, Delta: 0.5}"));
  const RunPlan terms = plan_of(input(ring, spins, R"({kind: terms, couplings: {J: 1.0, Delta: 0.5}, terms: [
      {expression: Sx Sx + Sy Sy, shell: 1, coupling: J}, {expression: Sz Sz, shell: 1, coupling: J*Delta}]})"));
  ASSERT_TRUE(model.family && terms.family);
  const Sector& sector = model.family->problems[0].sector;
  for (std::int64_t i = 0; i < sector.dimension(); ++i) {
    const Word state = sector.state(i);
    std::vector<Word> bits[2];
    std::vector<double> elements[2];
    int k = 0;
    for (const auto* family : {&*model.family, &*terms.family}) {
      const double* couplings = family->problems[0].couplings.data();
      EXPECT_EQ(family->table.diagonal(&state, couplings), model.family->table.diagonal(&state, model.family->problems[0].couplings.data()));
      family->table.connected(&state, couplings, bits[k], elements[k]);
      ++k;
    }
    EXPECT_EQ(bits[0], bits[1]);
    EXPECT_EQ(elements[0], elements[1]);
  }
}

TEST(PlanOfTerms, ListsOfCouplingsMakeAFamily) {
  const RunPlan plan = plan_of(input(ring, spins,
                                     "{kind: terms, couplings: {J: 1.0, K: [0.0, 0.5]}, terms: [{expression: S.S, shell: 1, coupling: J}, "
                                     "{expression: S.S, shell: 2, coupling: K}]}"));
  ASSERT_EQ(plan.family->size(), 2);
  EXPECT_THAT(plan.family->varied, ElementsAre("K"));
  EXPECT_EQ(plan.family->feature(1, "K"), 0.5);
}

TEST(PlanOfTerms, SamplesOfDisorderDifferAndAreReadByNetworks) {
  const RunPlan plan = plan_of(input(ring, spins,
                                     "{kind: terms, couplings: {J: 1.0}, terms: [{expression: S.S, shell: 1, coupling: J}, "
                                     "{expression: Sz, sites: all, random: {width: 1.0}, name: h}]}",
                                     "  family: {disorder: [1, 2]}\nwavefunction: {kind: vit, patch: [2], layers: 1, d_model: 4, heads: 1}\n"));
  ASSERT_EQ(plan.family->size(), 2);
  EXPECT_NE(plan.family->feature(0, "h@3"), plan.family->feature(1, "h@3"));
  EXPECT_THAT(plan.network->input.feature_names, ElementsAre("h@0", "h@1", "h@2", "h@3", "h@4", "h@5"));
}

TEST(PlanOfTerms, ErrorsPointAtTheTerm) {
  const auto terms = [](const std::string& list) { return input(ring, spins, "{kind: terms, couplings: {J: 1.0}, terms: [" + list + "]}"); };
  EXPECT_THAT(refusal(terms("{expression: S.S, shell: 1}, {expression: S+ S-, shell: 1}")),
              testing::AllOf(HasSubstr("input.yaml:6:101: error:"), HasSubstr("not hermitian"), HasSubstr("+ h.c.")));
  EXPECT_THAT(refusal(terms("{expression: X, sites: all}")), HasSubstr("changes the total Sz"));
  EXPECT_THAT(refusal(terms("{expression: c+ c, shell: 1}")), HasSubstr("column 1"));
  EXPECT_THAT(refusal(terms("{expression: S.S}")), HasSubstr("does not say where it acts"));
  EXPECT_THAT(refusal(terms("{expression: S.S, shell: 1, sites: all}")), HasSubstr("says twice where it acts"));
  EXPECT_THAT(refusal(terms("{expression: S.S, shell: 1, coupling: K}")), HasSubstr("K"));
  EXPECT_THAT(refusal(terms("{expression: Sz, sites: all, random: {width: 1.0}}")), HasSubstr("system.family.disorder"));
  EXPECT_THAT(refusal(terms("{expression: S.S, bonds: leg}")), HasSubstr("bonds 'leg' are not known"));
}

TEST(PlanOfTerms, RefusesARealNetworkForAComplexHamiltonian) {
  const std::string text =
      input("{kind: chain, size: [6]}", "{kind: spinless_fermions, particles: 3}",
            "{kind: terms, twist: [0.3], terms: [{expression: c+ c + h.c., shell: 1, value: -1.0}]}", "wavefunction: {kind: rbm, dtype: real}\n");
  EXPECT_THAT(refusal(text), HasSubstr("makes the Hamiltonian complex"));
}

TEST(PlanOfLattices, KnowTheirKeys) {
  const auto sites = [](const std::string& lattice) { return plan_of(input(lattice, "{kind: spin_half}", "{kind: tfim}")).family->lattice.sites(); };
  EXPECT_EQ(sites("{kind: square, torus: [[3, 1], [-1, 3]]}"), 10);
  EXPECT_EQ(sites("{kind: cubic, size: [2, 2, 3]}"), 12);
  EXPECT_EQ(sites("{kind: lieb, size: [2, 2]}"), 12);
  EXPECT_EQ(sites("{kind: checkerboard, size: [2, 2]}"), 8);
  EXPECT_EQ(sites("{kind: graph, sites: 5, bonds: {nn: [[0, 1], [1, 2]]}}"), 5);
  EXPECT_EQ(sites("{kind: cell, vectors: [[1.0, 0.0], [0.0, 1.0]], basis: [[0.0, 0.0], [0.5, 0.5]], size: [2, 3]}"), 12);
  const Lattice ladder = plan_of(input("{kind: ladder, size: [4, 3]}", "{kind: spin_half}", "{kind: tfim}")).family->lattice;
  EXPECT_THAT(ladder.options().boundary, ElementsAre(Boundary::periodic, Boundary::open));
}

TEST(PlanOfLattices, SayWhatIsMissingOrTooMuch) {
  const auto with = [](const std::string& lattice) { return refusal(input(lattice, "{kind: spin_half}", "{kind: tfim}")); };
  EXPECT_THAT(with("{kind: square}"), HasSubstr("missing key 'system.lattice.size'"));
  EXPECT_THAT(with("{kind: square, size: [2, 2], torus: [[2, 0], [0, 2]]}"), HasSubstr("contradicts"));
  EXPECT_THAT(with("{kind: cell, vectors: [[1.0]], size: [4], boundary: [open, open]}"), HasSubstr("one per axis"));
  EXPECT_THAT(with("{kind: cell, vectors: [[1.0, 0.0], [2.0, 0.0]], size: [4, 4]}"), HasSubstr("vectors"));
}

}  // namespace
}  // namespace qs

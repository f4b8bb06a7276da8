// Degenerate ground levels as the stages see them: two free fermions on a ring of six sites, whose momenta are {0, 1} or {0, -1}.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/stages/ed_stage.h"
#include "engine/stages/evaluate_stage.h"
#include "engine/wavefunctions/rbm.h"
#include "engine/wavefunctions/registry.h"
#include "engine/wavefunctions/vit.h"
#include "hamiltonians/registry.h"
#include "tests/engine/sampling/table_wavefunction.h"

namespace qs {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ProblemFamily ring(SectorKind kind, const std::string& model, int sites, int up) {
  SystemOptions system;
  system.lattice = {"chain", {sites}, {Boundary::periodic}};
  system.sector = {kind, sites, up, -1};
  system.model = model;
  return build_family(system);
}

ProblemFamily two_fermions() { return ring(SectorKind::spinless_fermions, "tv", 6, 2); }

struct Evaluation {
  DataTree outputs;
  std::vector<std::string> notes;
};

Evaluation evaluated(const ProblemFamily& family, Wavefunction& psi, ExactStates& exact, Communicator& comm) {
  EvaluateOptions stage_options;
  stage_options.sampler.kind = SamplerKind::exact_sum;
  stage_options.observables = {"energy", "overlap", "density"};
  stage_options.compare = Compare::ed;
  EvaluateStage stage(stage_options, {.comm = comm, .family = family, .psi = &psi, .features = {}, .key = {1, 0}, .group = "00_evaluate"}, exact);
  RunState state;
  stage.begin(state);
  const StepOutcome outcome = stage.step(state);
  return {state.outputs, outcome.notes};
}

// c†_0 c†_1 |0> in momentum space, amplitudes exp(i q x) - exp(i q y) of sites x > y: an eigenstate that no basis of real vectors contains.
TEST(DegenerateLevel, AnyStateOfItHasOverlapOne) {
  const auto comm = self_communicator();
  const ProblemFamily family = two_fermions();
  const Sector& sector = family.problems[0].sector;
  std::vector<std::complex<double>> log_psi;
  for (std::int64_t i = 0; i < sector.dimension(); ++i) {
    const Word state = sector.state(i);
    const double low = std::countr_zero(state), high = 63 - std::countl_zero(state);
    log_psi.push_back(std::log(std::polar(1.0, M_PI / 3 * high) - std::polar(1.0, M_PI / 3 * low)));
  }
  testing_table::TableWavefunction psi(family, {log_psi});
  ExactStates exact({}, *comm);

  const auto [outputs, notes] = evaluated(family, psi, exact, *comm);

  EXPECT_THAT(notes, testing::Contains(HasSubstr("the exact ground level has 2 states")));
  EXPECT_NEAR(outputs.doubles("stages/00_evaluate/energy/mean")[0], -3, 1e-12);  // -2 - 2 cos(pi/3)
  EXPECT_NEAR(outputs.doubles("stages/00_evaluate/energy/overlap")[0], 1, 1e-12);
  // The exact densities are those of the whole level, which no site breaks.
  for (const double density : outputs.doubles("stages/00_evaluate/observables/density/exact")) EXPECT_NEAR(density, 1.0 / 3, 1e-13);
}

TEST(DegenerateLevel, TheEdStageStoresAllOfItWithItsDegeneracyAndGap) {
  const auto comm = self_communicator();
  const ProblemFamily family = two_fermions();
  ExactStates exact({}, *comm), recalled({}, *comm);
  EdStage stage({}, {.comm = *comm, .family = family, .features = {}, .key = {1, 0}, .group = "00_ed"}, exact);
  RunState state;

  const StepOutcome outcome = stage.step(state);
  stage.finish(state);
  recall_exact_states(state.outputs, recalled);

  EXPECT_EQ(state.outputs.integers("stages/00_ed/degeneracy"), std::vector<std::int64_t>{2});
  EXPECT_NEAR(state.outputs.doubles("stages/00_ed/gap")[0], 1, 1e-12);  // {1, -1}: -2
  EXPECT_EQ(state.outputs.at("stages/00_ed/energy").shape, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(state.outputs.at("stages/00_ed/states/000").shape, (std::vector<std::int64_t>{2, 15}));
  EXPECT_THAT(outcome.notes, ElementsAre(AllOf(HasSubstr("degeneracy 2"), HasSubstr("gap 1"))));
  EXPECT_EQ(recalled.solve(family, 0).degeneracy, 2);
  EXPECT_EQ(recalled.solve(family, 0).gap, exact.solve(family, 0).gap);
  EXPECT_EQ(recalled.solve(family, 0).states, exact.solve(family, 0).states);
}

TEST(DegenerateLevel, ATargetFromItIsSaidToBeArbitraryOnce) {
  const auto comm = self_communicator();
  std::vector<std::string> warnings;
  ExactStates exact({}, *comm, {}, [&](const std::string& text) { warnings.push_back(text); });

  exact.ground_state(two_fermions(), 0, "the network learns");
  exact.ground_state(two_fermions(), 0, "the network learns");
  exact.ground_state(ring(SectorKind::spinless_fermions, "tv", 6, 3), 0, "the network learns");

  EXPECT_THAT(warnings, ElementsAre(AllOf(HasSubstr("has 2 states"), HasSubstr("arbitrary"))));
}

// States stored by an earlier stage that wanted fewer are found anew, and larger results are never replaced by smaller ones.
TEST(ExactStates, AreCompletedWhenMoreAreWantedThanWereRecalled) {
  const auto comm = self_communicator();
  const ProblemFamily family = ring(SectorKind::spin_half, "heisenberg", 8, 4);
  ExactStates one({}, *comm), three({.states = 3}, *comm);
  three.remember(ExactStates::key(family, 0), one.solve(family, 0));

  EXPECT_EQ(three.solve(family, 0).states.size(), 3u);
  three.remember(ExactStates::key(family, 0), one.solve(family, 0));
  EXPECT_EQ(three.solve(family, 0).states.size(), 3u);
  EXPECT_EQ(ExactStates({.states = 200}, *comm).solve(family, 0).states.size(), 70u);  // all there are
}

// A vit of patches [1] does not change under translations: k = pi on 10 sites is beyond it, k = 0 on 8 is not; patches [2] reach both.
TEST(ExactStates, BeyondATranslationInvariantNetworkAreNamedWithTheirMomentum) {
  const auto comm = self_communicator();
  const auto warned = [&](int sites, int patch) {
    std::vector<std::string> warnings;
    VitOptions vit;
    vit.patch = {patch};
    ExactStates exact({}, *comm, invariant_translations(vit), [&](const std::string& text) { warnings.push_back(text); });
    exact.solve(ring(SectorKind::spin_half, "heisenberg", sites, sites / 2), 0);
    return warnings;
  };

  EXPECT_THAT(warned(10, 1), ElementsAre(AllOf(HasSubstr("k = (5)"), HasSubstr("overlap above 0.0000"), HasSubstr("factored_full"))));
  EXPECT_THAT(warned(8, 1), IsEmpty());
  EXPECT_THAT(warned(10, 2), IsEmpty());
  VitOptions general;
  general.attention = VitAttention::factored_full;
  EXPECT_THAT(invariant_translations(general), IsEmpty());
  EXPECT_THAT(invariant_translations(RbmOptions{}), IsEmpty());
}

}  // namespace
}  // namespace qs

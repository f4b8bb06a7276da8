#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/base/error.h"
#include "hamiltonians/registry.h"

namespace qs {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

SystemOptions ring(const std::string& model, SectorOptions sector, int sites = 12) {
  SystemOptions options;
  options.lattice = {"chain", {sites}, {Boundary::periodic}};
  options.sector = sector;
  options.model = model;
  return options;
}

SystemOptions tv(int particles = 6) { return ring("tv", {SectorKind::spinless_fermions, 0, particles, -1}); }
SystemOptions heisenberg() { return ring("heisenberg", {SectorKind::spin_half, 0, 6, -1}); }

std::string refusal(const SystemOptions& options) {
  try {
    build_family(options);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Family, IsOneProblemWithoutRows) {
  const ProblemFamily family = build_family(tv());
  EXPECT_EQ(family.size(), 1);
  EXPECT_EQ(family.problems[0].label, "");
  EXPECT_EQ(family.feature(0, "t"), 1);
  EXPECT_EQ(family.feature(0, "N"), 6);
  EXPECT_EQ(family.modes(), 12);
}

TEST(Family, HasOneProblemPerRow) {
  SystemOptions options = tv();
  options.couplings = {{"delta", 0.1}};
  options.varied = {"particles", "V"};
  options.rows = {{5, 0}, {6, 0.5}};
  const ProblemFamily family = build_family(options);
  ASSERT_EQ(family.size(), 2);
  EXPECT_EQ(family.problems[0].label, "particles = 5, V = 0");
  EXPECT_EQ(family.problems[1].label, "particles = 6, V = 0.5");
  EXPECT_EQ(family.problems[0].sector.dimension(), 792);
  EXPECT_EQ(family.problems[1].sector.dimension(), 924);
  EXPECT_EQ(family.feature(1, "V"), 0.5);
  EXPECT_EQ(family.feature(0, "particles"), 5);
  EXPECT_EQ(family.feature(0, "delta"), 0.1);
  EXPECT_EQ(family.varied_values, options.rows);
}

TEST(Family, GivesNamedAndProductCouplings) {
  SystemOptions options = ring("xxz", {SectorKind::spin_half, 0, 6, -1});
  options.couplings = {{"J", 2}};
  options.varied = {"Delta"};
  options.rows = {{0}, {3}};
  const ProblemFamily family = build_family(options);
  EXPECT_THAT(family.hamiltonian.couplings, ElementsAre("J", "J*Delta"));
  EXPECT_THAT(family.problems[0].couplings, ElementsAre(2, 0));
  EXPECT_THAT(family.problems[1].couplings, ElementsAre(2, 6));
  EXPECT_EQ(family.feature(1, "Delta"), 3);
  EXPECT_THROW(family.feature(0, "J*Delta"), InputError);
}

TEST(Family, BuildsOnlyTheShellsThatSomeProblemUses) {
  SystemOptions options = heisenberg();
  options.lattice = {"square", {2, 2}, {Boundary::periodic, Boundary::periodic}};
  options.sector.up = 2;
  EXPECT_NO_THROW(build_family(options));  // its third shell would join sites to themselves
  options.varied = {"J3"};
  options.rows = {{0}, {0.1}};
  EXPECT_THAT(refusal(options), AllOf(HasSubstr("too small"), HasSubstr("shell 3")));
}

TEST(Family, RefusesUnknownNames) {
  SystemOptions options = heisenberg();
  options.model = "heisenbreg";
  EXPECT_THAT(refusal(options), AllOf(HasSubstr("system.hamiltonian.kind 'heisenbreg'"), HasSubstr("known: tv, hubbard, heisenberg, xxz")));
  options = heisenberg();
  options.couplings = {{"J4", 1}};
  EXPECT_THAT(refusal(options), HasSubstr("system.hamiltonian.J4 is not a coupling of heisenberg (known: J1, J2, J3)"));
  options = heisenberg();
  options.varied = {"V"};
  options.rows = {{1}};
  EXPECT_THAT(refusal(options), HasSubstr("system.family.V"));
  EXPECT_THROW(find_observable("densty"), InputError);
  EXPECT_THROW(build_family(tv()).feature(0, "U"), InputError);
}

TEST(Family, RefusesWrongSectors) {
  SystemOptions options = tv(13);
  EXPECT_EQ(refusal(options), "system.sector.particles 13 exceeds 12 sites (one fermion per site at most)");
  options = tv();
  options.model = "hubbard";
  EXPECT_THAT(refusal(options), HasSubstr("system.sector.kind spinless_fermions does not fit the model hubbard"));
  options = ring("tfim", {SectorKind::spin_half, 0, 6, -1});
  EXPECT_THAT(refusal(options), HasSubstr("total_sz"));
  options = heisenberg();
  options.lattice.boundary = {Boundary::antiperiodic};
  EXPECT_THAT(refusal(options), HasSubstr("antiperiodic"));
}

TEST(Family, RefusesWrongRows) {
  SystemOptions options = tv();
  options.varied = {"particles"};
  options.rows = {{2.5}};
  EXPECT_THAT(refusal(options), HasSubstr("system.family.particles 2.5"));
  options.rows = {{13}};
  EXPECT_THAT(refusal(options), HasSubstr("exceeds 12 sites"));
  options.rows = {{1, 2}};
  EXPECT_THAT(refusal(options), HasSubstr("2 values for 1 names"));
  options.rows = {};
  EXPECT_THAT(refusal(options), HasSubstr("system.family.particles is empty"));
  options.varied = {"V", "V"};
  options.rows = {{1, 2}};
  EXPECT_THAT(refusal(options), HasSubstr("listed twice"));
  options.varied = {"V"};
  options.rows = {{std::numeric_limits<double>::quiet_NaN()}};
  EXPECT_THAT(refusal(options), HasSubstr("finite"));
  options = heisenberg();
  options.varied = {"particles"};
  options.rows = {{3}};
  EXPECT_THAT(refusal(options), HasSubstr("system.family.particles belongs to spinless_fermions"));
}

TEST(Family, RefusesSignRulesWithoutMeaning) {
  SystemOptions options = heisenberg();
  options.sign_rule = SignRule::marshall;
  EXPECT_EQ(refusal(options), "accepted");
  options.lattice.size = {11};
  EXPECT_THAT(refusal(options), HasSubstr("not bipartite"));
  options = tv();
  options.sign_rule = SignRule::marshall;
  EXPECT_THAT(refusal(options), HasSubstr("marshall_sign"));
  options = ring("tfim", {SectorKind::spin_half, 0, -1, -1});
  options.sign_rule = SignRule::marshall;
  EXPECT_THAT(refusal(options), HasSubstr("marshall_sign"));
}

TEST(Family, RefusesLatticesThatCannotCarryTheModel) {
  SystemOptions options = ring("shastry_sutherland", {SectorKind::spin_half, 0, 6, -1});
  EXPECT_THAT(refusal(options), HasSubstr("shastry_sutherland"));
  options.lattice = {"square", {4, 3}, {Boundary::periodic, Boundary::periodic}};
  EXPECT_THAT(refusal(options), HasSubstr("even sides"));
  options = ring("haldane_shastry", {SectorKind::spin_half, 0, 6, -1});
  options.lattice.boundary = {Boundary::open};
  EXPECT_THAT(refusal(options), HasSubstr("periodic chain"));
  options = tv();
  options.couplings = {{"delta", 0.1}};
  options.lattice = {"triangular", {4, 4}, {Boundary::periodic, Boundary::periodic}};
  EXPECT_THAT(refusal(options), HasSubstr("system.hamiltonian.delta"));
}

}  // namespace
}  // namespace qs

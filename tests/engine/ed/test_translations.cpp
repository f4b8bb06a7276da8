// Momenta and invariant parts of ground levels that are known in closed form.
#include "engine/ed/translations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "hamiltonians/registry.h"

namespace qs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Momenta = std::vector<std::vector<int>>;

SystemOptions ring(const std::string& model, SectorKind kind, int sites, int up, std::map<std::string, double> couplings = {},
                   SignRule sign_rule = SignRule::none) {
  SystemOptions options;
  options.lattice = {"chain", {sites}, {Boundary::periodic}};
  options.sector = {kind, sites, up, -1};
  options.model = model;
  options.couplings = std::move(couplings);
  options.sign_rule = sign_rule;
  return options;
}

TranslationContent content(const SystemOptions& system, const std::vector<int>& steps) {
  const ProblemFamily family = build_family(system);
  const EdResult exact = diagonalise(family, 0, {}, *self_communicator());
  return translation_content(family.lattice, family.problems[0].sector, exact, steps);
}

// Marshall: the ground state of the Heisenberg ring of 4n sites has k = 0, that of 4n + 2 sites k = pi, unless one sublattice is rotated.
TEST(Translations, OfHeisenbergRingsFollowTheMarshallSign) {
  const auto spins = SectorKind::spin_half;
  const TranslationContent eight = content(ring("heisenberg", spins, 8, 4), {1});
  EXPECT_EQ(eight.momenta, (Momenta{{0}}));
  EXPECT_NEAR(eight.largest_overlap, 1, 1e-10);

  const TranslationContent ten = content(ring("heisenberg", spins, 10, 5), {1});
  EXPECT_EQ(ten.momenta, (Momenta{{5}}));
  EXPECT_NEAR(ten.largest_overlap, 0, 1e-7);
  EXPECT_NEAR(content(ring("heisenberg", spins, 10, 5), {2}).largest_overlap, 1, 1e-10);  // patches of two: exp(2 i pi) = 1
  EXPECT_EQ(content(ring("heisenberg", spins, 10, 5, {}, SignRule::marshall), {1}).momenta, (Momenta{{0}}));
}

// One magnon above the ferromagnet, J = 1: E = N/4 + cos k - 1 is lowest at k = pi; on 7 sites at 3 and 4, which are degenerate.
TEST(Translations, OfADegenerateLevelNameAllItsMomenta) {
  const TranslationContent seven = content(ring("heisenberg", SectorKind::spin_half, 7, 1), {1});

  EXPECT_EQ(seven.momenta, (Momenta{{3}, {4}}));
  EXPECT_NEAR(seven.largest_overlap, 0, 1e-7);
}

// Site energies break the symmetry: the level is led out of itself, and only a part of it does not change. One particle in the field +-delta of a
// ring of two cells: the overlap with (1, 1, 1, 1)/2 by the 2 x 2 problem of the sublattices.
TEST(Translations, OfAPinnedParticleHaveNoMomentum) {
  const double delta = 0.7;
  SystemOptions system = ring("tv", SectorKind::spinless_fermions, 4, 1, {{"delta", delta}});
  system.pinning = Pinning::staggered;

  const TranslationContent pinned = content(system, {1});

  // H of (even, odd) = [[delta, -2], [-2, -delta]].
  const double angle = std::atan2(2.0, delta) / 2;
  EXPECT_THAT(pinned.momenta, IsEmpty());
  EXPECT_NEAR(pinned.largest_overlap, (std::sin(angle) + std::cos(angle)) / std::sqrt(2.0), 1e-10);
  EXPECT_NEAR(content(system, {2}).largest_overlap, 1, 1e-10);
}

// 3x4 triangular Heisenberg: the ground state is at k = (0, pi) (SECTORS.md 9.1: one cell of 2 pi / 4 is a quarter).
TEST(Translations, OfATwoDimensionalLattice) {
  SystemOptions system = ring("heisenberg", SectorKind::spin_half, 12, 6);
  system.lattice = {"triangular", {3, 4}, {Boundary::periodic, Boundary::periodic}};

  const TranslationContent triangular = content(system, {1, 1});

  EXPECT_EQ(triangular.momenta, (Momenta{{0, 2}}));
  EXPECT_NEAR(triangular.largest_overlap, 0, 1e-7);
  EXPECT_NEAR(content(system, {3, 2}).largest_overlap, 1, 1e-10);
}

// One fermion with hopping -t on 2x2x3: the axes of two cells have one bond each, levels +-1 at k = 0 and 1; the axis of three has 2 cos(2 pi k / 3).
TEST(Translations, OfAThreeDimensionalLattice) {
  SystemOptions system = ring("tv", SectorKind::spinless_fermions, 12, 1);
  system.lattice = {.kind = "cubic", .size = {2, 2, 3}};
  EXPECT_EQ(content(system, {1, 1, 1}).momenta, (Momenta{{0, 0, 0}}));
  EXPECT_NEAR(content(system, {1, 1, 1}).largest_overlap, 1, 1e-10);

  system.couplings["t"] = -1;
  EXPECT_EQ(content(system, {1, 1, 1}).momenta, (Momenta{{1, 1, 1}, {1, 1, 2}}));
  EXPECT_NEAR(content(system, {1, 1, 1}).largest_overlap, 0, 1e-7);
  EXPECT_NEAR(content(system, {2, 2, 3}).largest_overlap, 1, 1e-10);
}

}  // namespace
}  // namespace qs

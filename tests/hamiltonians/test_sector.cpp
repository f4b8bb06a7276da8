#include "hamiltonians/sector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"

namespace qs {
namespace {

Sector spins(int sites, int up = -1) { return Sector({SectorKind::spin_half, sites, up, -1}); }
Sector spinless(int sites, int particles) { return Sector({SectorKind::spinless_fermions, sites, particles, -1}); }
Sector spinful(int sites, int up, int down) { return Sector({SectorKind::spinful_fermions, sites, up, down}); }

std::string refusal(SectorOptions options) {
  try {
    Sector sector(options);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

// Every packed integer that contains() accepts, in increasing order, must carry the next index.
void expect_bijection(const Sector& sector) {
  std::int64_t next = 0;
  for (Word state = 0; state < (Word{1} << sector.modes()); ++state) {
    if (!sector.contains(&state)) continue;
    ASSERT_EQ(sector.index(state), next) << sector.describe();
    ASSERT_EQ(sector.state(next), state) << sector.describe();
    ++next;
  }
  EXPECT_EQ(next, sector.dimension());
  EXPECT_NEAR(sector.log_dimension(), std::log(static_cast<double>(next)), 1e-11);
}

TEST(Sector, NumbersStatesByIncreasingPackedInteger) {
  for (const int up : {-1, 0, 1, 4, 7}) expect_bijection(spins(7, up));
  expect_bijection(spins(1, 0));
  expect_bijection(spinless(10, 3));
  expect_bijection(spinful(5, 2, 4));
  expect_bijection(spinful(4, 0, 2));
}

TEST(Sector, NumbersLongBlocksByBinomials) {
  const Sector sector = spinless(64, 4);
  EXPECT_EQ(sector.dimension(), 635376);  // C(64, 4)
  Word previous = 0;
  for (std::int64_t i = 0; i < sector.dimension(); i += 997) {
    const Word state = sector.state(i);
    EXPECT_EQ(std::popcount(state), 4);
    EXPECT_GT(state, previous);
    EXPECT_EQ(sector.index(state), i);
    previous = state;
  }
  EXPECT_EQ(sector.state(sector.dimension() - 1), Word{0xF} << 60);
}

TEST(Sector, AgreesOnBothSidesOfTheTableLimit) {
  for (const int sites : {39, 40, 41, 42, 63, 64}) {
    const Sector sector = spinless(sites, 3);
    for (std::int64_t i = 0; i < sector.dimension(); i += 13) ASSERT_EQ(sector.index(sector.state(i)), i) << sites;
  }
}

TEST(Sector, HasItsHilbertDimension) {
  EXPECT_EQ(spins(24, 12).dimension(), 2704156);
  EXPECT_EQ(spins(16).dimension(), 65536);
  EXPECT_EQ(spinful(8, 4, 4).dimension(), 4900);
}

TEST(Sector, IsNotEnumerableWhenTooLarge) {
  EXPECT_TRUE(spins(36, 18).enumerable());
  EXPECT_FALSE(spins(40).enumerable());
  EXPECT_EQ(spins(64, 1).why_not_enumerable(), "");
  EXPECT_EQ(spins(65, 1).why_not_enumerable(), "it has 65 modes, and states are numbered up to 64 modes (one machine word)");
  EXPECT_FALSE(spins(65, 1).enumerable());
  EXPECT_EQ(spins(64, 32).why_not_enumerable(), "it has about 1.8e+18 states, and at most 2^40 are numbered");
  EXPECT_FALSE(spins(100, 50).enumerable());
  EXPECT_NEAR(spins(100, 50).log_dimension(), std::log(1.00891344545564193e29), 1e-11);  // C(100, 50)
}

TEST(Sector, ContainsOnlyRowsWithItsNumbers) {
  const Sector sector = spinful(40, 2, 1);  // the spin blocks meet inside a word, rows have two words
  Word row[2] = {};
  flip_bit(row, 39);  // down, last site
  EXPECT_FALSE(sector.contains(row));
  flip_bit(row, 40);  // up, first site
  flip_bit(row, 79);  // up, last site
  EXPECT_TRUE(sector.contains(row));
  flip_bit(row, 40);
  flip_bit(row, 38);
  EXPECT_FALSE(sector.contains(row));
  flip_bit(row, 38);
  flip_bit(row, 40);
  flip_bit(row, 80);  // beyond the last mode
  EXPECT_FALSE(sector.contains(row));
}

TEST(Sector, CountsParticlesAndDegreesOfFreedom) {
  EXPECT_EQ(spinful(4, 2, 1).particles(), 3);
  EXPECT_EQ(spinful(4, 2, 1).degrees_of_freedom(), 3);
  EXPECT_EQ(spinless(12, 5).degrees_of_freedom(), 5);
  EXPECT_EQ(spins(12, 5).particles(), 5);
  EXPECT_EQ(spins(12).particles(), 6);
  EXPECT_EQ(spins(12, 5).degrees_of_freedom(), 12);
}

TEST(Sector, RefusesContradictions) {
  EXPECT_EQ(refusal({SectorKind::spinless_fermions, 12, 13, -1}), "system.sector.particles 13 exceeds 12 sites (one fermion per site at most)");
  EXPECT_THAT(refusal({SectorKind::spinless_fermions, 12, -1, -1}), ::testing::HasSubstr("system.sector.particles"));
  EXPECT_THAT(refusal({SectorKind::spinful_fermions, 4, 2, -1}), ::testing::HasSubstr("system.sector.down"));
  EXPECT_THAT(refusal({SectorKind::spinful_fermions, 4, 5, 2}), ::testing::HasSubstr("system.sector.up 5 exceeds 4 sites"));
  EXPECT_THAT(refusal({SectorKind::spin_half, 4, 5, -1}), ::testing::HasSubstr("total_sz"));
  EXPECT_THAT(refusal({SectorKind::spin_half, 4, 2, 2}), ::testing::HasSubstr("system.sector.down"));
  EXPECT_THAT(refusal({SectorKind::spin_half, 0, -1, -1}), ::testing::HasSubstr("at least one"));
}

}  // namespace
}  // namespace qs

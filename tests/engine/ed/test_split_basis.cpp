#include "engine/ed/split_basis.h"

#include <gtest/gtest.h>

namespace qs {
namespace {

class SplitBasisOf : public ::testing::TestWithParam<SectorOptions> {};

TEST_P(SplitBasisOf, ListsTheSectorInItsOwnOrder) {
  const Sector sector(GetParam());

  const SplitBasis basis(sector);

  std::int64_t index = 0;
  for (std::int64_t h = 0; h < basis.highs(); ++h) {
    ASSERT_EQ(basis.offset(h), index);
    ASSERT_EQ(basis.find_high(basis.high(h)), h);
    const int c = basis.class_of(h);
    for (std::size_t rank = 0; rank < basis.low(c).size(); ++rank, ++index) {
      const Word low = basis.low(c)[rank];
      ASSERT_EQ(basis.high(h) << basis.low_modes() | low, sector.state(index));
      ASSERT_EQ(basis.low_rank(low), static_cast<std::int32_t>(rank));
      ASSERT_EQ(basis.low_class(low), c);
    }
  }
  EXPECT_EQ(index, sector.dimension());
}

constexpr auto spin = SectorKind::spin_half, spinless = SectorKind::spinless_fermions, spinful = SectorKind::spinful_fermions;
INSTANTIATE_TEST_SUITE_P(Sectors, SplitBasisOf,
                         ::testing::Values(SectorOptions{spin, 1, -1, -1}, SectorOptions{spin, 2, 1, -1}, SectorOptions{spin, 9, -1, -1},
                                           SectorOptions{spin, 12, 6, -1}, SectorOptions{spin, 12, 0, -1}, SectorOptions{spinless, 17, 3, -1},
                                           SectorOptions{spinless, 60, 3, -1}, SectorOptions{spinless, 63, 1, -1}, SectorOptions{spin, 64, 2, -1},
                                           SectorOptions{spinful, 32, 1, 1}, SectorOptions{spinless, 30, 28, -1}, SectorOptions{spinful, 6, 2, 4},
                                           SectorOptions{spinful, 7, 0, 7}, SectorOptions{spinful, 20, 1, 3}));

TEST(SplitBasis, HasNoPositionForAHighPartWithTooManyParticles) {
  const SplitBasis few(Sector({spinless, 8, 2, -1})), far(Sector({spinless, 60, 2, -1}));  // by table, by bisection

  EXPECT_EQ(few.find_high(0b1011), -1);
  EXPECT_EQ(far.find_high(0b1011), -1);
  EXPECT_GE(far.find_high(0b11), 0);
}

}  // namespace
}  // namespace qs

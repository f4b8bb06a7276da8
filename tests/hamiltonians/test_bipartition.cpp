#include "hamiltonians/bipartition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/random.h"

namespace qs {
namespace {

using testing::HasSubstr;

Sector fermions(int sites) { return Sector({SectorKind::spinless_fermions, sites, sites / 2, -1}); }

std::vector<Word> random_row(int modes, std::uint32_t stream) {
  std::vector<Word> row(words_for(modes));
  for (int m = 0; m < modes; ++m) {
    if (random_words({.seed = 7}, stream, m, 0).word[0] % 2 == 0) flip_bit(row.data(), m);
  }
  return row;
}

// By definition: the modes of A brought to the front by exchanges of neighbours.
int sign_by_exchanges(const std::vector<Word>& row, int modes, const std::vector<int>& region) {
  std::vector<int> order;  // 1: in B, behind
  for (int m = 0; m < modes; ++m) {
    if (test_bit(row.data(), m)) order.push_back(std::find(region.begin(), region.end(), m) == region.end());
  }
  int sign = 1;
  for (std::size_t pass = 0; pass < order.size(); ++pass) {
    for (std::size_t i = 0; i + 1 < order.size(); ++i) {
      if (order[i] <= order[i + 1]) continue;
      std::swap(order[i], order[i + 1]);
      sign = -sign;
    }
  }
  return sign;
}

TEST(Bipartition, SignIsThatOfTheExchangesWhichBringAToTheFront) {
  for (const int sites : {6, 16, 70, 150}) {
    const std::vector<int> region = {1, 3, 4, sites - 1};
    const Bipartition parts(fermions(sites), region);
    for (std::uint32_t stream = 0; stream < 50; ++stream) {
      const std::vector<Word> row = random_row(sites, stream);
      EXPECT_EQ(parts.sign(row.data()), sign_by_exchanges(row, sites, region)) << sites << " sites, row " << stream;
    }
  }
}

TEST(Bipartition, SpinsHaveNoSign) {
  const Bipartition parts(Sector({SectorKind::spin_half, 6, 3, -1}), {1, 3});
  for (Word row = 0; row < 64; ++row) EXPECT_EQ(parts.sign(&row), 1);
}

TEST(Bipartition, OfFermionsWithSpinHoldsBothModesOfASite) {
  const Bipartition parts(Sector({SectorKind::spinful_fermions, 4, 2, 1}), {1, 3});
  EXPECT_EQ(parts.modes_of_a(), std::vector<Word>{0b10101010});
  EXPECT_EQ(parts.label(), "1,3");
}

TEST(Bipartition, SwapExchangesAAndLeavesB) {
  const int sites = 70;
  const std::vector<int> region = {0, 5, 63, 64, 69};
  const Bipartition parts(fermions(sites), region);
  const std::vector<Word> n = random_row(sites, 1), n_prime = random_row(sites, 2);
  std::vector<Word> first = n, second = n_prime;

  parts.swap(first.data(), second.data());

  for (int m = 0; m < sites; ++m) {
    const bool in_a = std::find(region.begin(), region.end(), m) != region.end();
    EXPECT_EQ(test_bit(first.data(), m), test_bit((in_a ? n_prime : n).data(), m)) << m;
    EXPECT_EQ(test_bit(second.data(), m), test_bit((in_a ? n : n_prime).data(), m)) << m;
  }
  EXPECT_TRUE(parts.same_a(first.data(), n_prime.data()) && parts.same_b(first.data(), n.data()));
  EXPECT_FALSE(parts.same_a(first.data(), n.data()));
  EXPECT_FALSE(parts.same_b(first.data(), n_prime.data()));
}

TEST(Bipartition, RefusesRegionsThatAreNone) {
  const auto refusal = [](const std::vector<int>& region) {
    try {
      Bipartition parts(fermions(4), region);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_THAT(refusal({1, 4}), HasSubstr("site 4, but sites are 0 to 3"));
  EXPECT_THAT(refusal({-1}), HasSubstr("site -1"));
  EXPECT_THAT(refusal({2, 1, 2}), HasSubstr("site 2 twice"));
  EXPECT_THAT(refusal({}), HasSubstr("0 of 4 sites"));
  EXPECT_THAT(refusal({0, 1, 2, 3}), HasSubstr("4 of 4 sites"));
  EXPECT_EQ(refusal({2, 0}), "accepted");
}

}  // namespace
}  // namespace qs

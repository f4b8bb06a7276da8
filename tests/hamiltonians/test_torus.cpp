#include "hamiltonians/torus.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <random>
#include <set>

#include "engine/base/error.h"

namespace qs {
namespace {

using Rows = std::vector<CellVector>;

const std::vector<Rows>& tori() {
  static const std::vector<Rows> all = {
      {{7, 0, 0}},
      {{4, 0, 0}, {0, 6, 0}},
      {{2, 0, 0}, {0, 3, 0}, {0, 0, 4}},
      {{3, 1, 0}, {-1, 3, 0}},
      {{3, 3, 0}, {-3, 3, 0}},
      {{4, 2, 0}, {-2, 4, 0}},
      {{-1, 3, 0}, {3, 1, 0}},  // left-handed
      {{-4, 0, 0}, {0, 3, 0}},
      {{1, 7, 0}, {0, 12, 0}},
      {{0, 1, 1}, {1, 0, 1}, {1, 1, 0}},
      {{2, 1, 0}, {-1, 3, 1}, {1, 0, 3}},
  };
  return all;
}

// v + winding . T
CellVector plus(CellVector v, const CellVector& winding, const Rows& rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (int axis = 0; axis < 3; ++axis) v[axis] += winding[i] * rows[i][axis];
  }
  return v;
}

CellVector random_vector(std::mt19937& engine, std::size_t axes) {
  CellVector v{};
  for (std::size_t axis = 0; axis < axes; ++axis) v[axis] = std::uniform_int_distribution(-50, 50)(engine);
  return v;
}

TEST(Torus, NumbersUntiltedCellsWithTheLastAxisFastest) {
  const Torus torus({{2, 0, 0}, {0, 3, 0}, {0, 0, 4}});

  EXPECT_EQ(torus.cells(), 24);
  for (int number = 0; number < 24; ++number) EXPECT_EQ(torus.cell(number), (CellVector{number / 12, number / 4 % 3, number % 4}));
}

TEST(Torus, HasAsManyCellsAsItsDeterminant) {
  EXPECT_EQ(Torus({{3, 1, 0}, {-1, 3, 0}}).cells(), 10);
  EXPECT_EQ(Torus({{-1, 3, 0}, {3, 1, 0}}).cells(), 10);
  EXPECT_EQ(Torus({{3, 3, 0}, {-3, 3, 0}}).cells(), 18);
  EXPECT_EQ(Torus({{4, 2, 0}, {-2, 4, 0}}).cells(), 20);
  EXPECT_EQ(Torus({{0, 1, 1}, {1, 0, 1}, {1, 1, 0}}).cells(), 2);
}

TEST(Torus, PutsEveryCellAtItsOwnNumberWithoutWinding) {
  for (const Rows& rows : tori()) {
    const Torus torus(rows);
    std::set<CellVector> seen;
    for (int number = 0; number < torus.cells(); ++number) {
      const CellVector cell = torus.cell(number);
      EXPECT_EQ(torus.place(cell).number, number);
      EXPECT_EQ(torus.place(cell).winding, CellVector{});
      seen.insert(cell);
    }
    EXPECT_EQ(static_cast<int>(seen.size()), torus.cells());
  }
}

TEST(Torus, SplitsEveryVectorIntoACellAndAWinding) {
  std::mt19937 engine(3);
  for (const Rows& rows : tori()) {
    const Torus torus(rows);
    for (int trial = 0; trial < 200; ++trial) {
      const CellVector vector = random_vector(engine, rows.size());
      const Torus::Place place = torus.place(vector);
      EXPECT_EQ(plus(torus.cell(place.number), place.winding, rows), vector);
    }
  }
}

TEST(Torus, ReturnsAfterAPeriodicityVector) {
  std::mt19937 engine(4);
  for (const Rows& rows : tori()) {
    const Torus torus(rows);
    const CellVector vector = random_vector(engine, rows.size());
    const Torus::Place start = torus.place(vector);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      CellVector once{};
      once[i] = 1;
      const Torus::Place end = torus.place(plus(vector, once, rows));
      EXPECT_EQ(end.number, start.number);
      for (int axis = 0; axis < 3; ++axis) EXPECT_EQ(end.winding[axis], start.winding[axis] + once[axis]);
    }
  }
}

TEST(Torus, CountsTheDualPointsOfAnUntiltedTorusAsItsCells) {
  const Torus torus({{4, 0, 0}, {0, 6, 0}});

  EXPECT_EQ(torus.denominators(), (CellVector{4, 6, 1}));
  const std::vector<CellVector> dual = torus.dual();
  for (int number = 0; number < torus.cells(); ++number) EXPECT_EQ(dual[number], torus.cell(number));
}

TEST(Torus, HasOneDualPointPerCellAndTheyAreOrthogonal) {
  for (const Rows& rows : tori()) {
    const Torus torus(rows);
    const std::vector<CellVector> dual = torus.dual();
    ASSERT_EQ(static_cast<int>(dual.size()), torus.cells());
    const auto turns = [&](const CellVector& k, const CellVector& r) {
      double sum = 0;
      for (int axis = 0; axis < 3; ++axis) sum += static_cast<double>(k[axis]) * r[axis] / torus.denominators()[axis];
      return sum;
    };
    for (const CellVector& k : dual) {
      for (const CellVector& row : rows) EXPECT_NEAR(turns(k, row), std::round(turns(k, row)), 1e-12);
    }
    for (int number = 0; number < torus.cells(); ++number) {
      std::complex<double> sum = 0;
      for (const CellVector& k : dual) sum += std::polar(1.0, 2 * std::numbers::pi * turns(k, torus.cell(number)));
      EXPECT_NEAR(std::abs(sum - (number == 0 ? 1.0 * torus.cells() : 0.0)), 0, 1e-11);  // 24 roundings of arguments up to 50
    }
  }
}

TEST(Torus, RefusesRowsThatEncloseNothing) {
  EXPECT_THROW(Torus({{0, 0, 0}}), InputError);
  EXPECT_THROW(Torus({{2, 1, 0}, {4, 2, 0}}), InputError);
  EXPECT_THROW(Torus({{2, 1, 1}, {-1, 2, 0}}), InputError);
  EXPECT_THROW(Torus({{3, 5000, 0}, {0, 3, 0}}), InputError);
  EXPECT_THROW(Torus({{4000, 1, 0}, {0, 4000, 0}}), InputError);
}

}  // namespace
}  // namespace qs

// Every lattice of the table, and cells of one's own, against neighbours counted by hand.
#include "hamiltonians/lattice_kinds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "engine/base/error.h"
#include "hamiltonians/shells.h"

namespace qs {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using Pair = std::pair<int, int>;

std::set<Pair> pairs(const std::vector<Bond>& bonds) {
  std::set<Pair> result;
  for (const Bond& bond : bonds) result.insert({bond.i, bond.j});
  return result;
}

std::vector<int> degrees(const Lattice& lattice, const std::vector<Bond>& bonds) {
  std::vector<int> result(lattice.sites());
  for (const Bond& bond : bonds) {
    ++result[bond.i];
    ++result[bond.j];
  }
  return result;
}

// Number of neighbours of each basis site in shell k of the infinite lattice.
std::vector<int> coordination(const UnitCell& cell, int shell) {
  std::vector<int> count(cell.sites());
  for (const CellStep& step : shell_steps(cell, shell)) ++count[step.from];
  return count;
}

UnitCell own(std::vector<Vector3> primitive, std::vector<Vector3> basis = {{0, 0, 0}}) { return {std::move(primitive), std::move(basis)}; }

const UnitCell& cell_of(const std::string& kind) { return find_lattice_kind(kind).cell; }

TEST(LatticeKinds, HaveTheirCoordinationNumbers) {
  const std::map<std::string, std::vector<std::vector<int>>> by_hand = {
      {"chain", {{2}, {2}, {2}}},
      {"square", {{4}, {4}, {4}, {8}, {4}}},
      {"triangular", {{6}, {6}, {6}, {12}, {6}}},
      {"honeycomb", {{3, 3}, {6, 6}, {3, 3}, {6, 6}}},
      {"kagome", {{4, 4, 4}, {4, 4, 4}, {6, 6, 6}}},
      {"cubic", {{6}, {12}, {8}, {6}, {24}}},
      {"ladder", {{4}, {4}}},
      {"lieb", {{4, 2, 2}, {0, 4, 4}, {4, 4, 4}}},
      {"checkerboard", {{4, 4}, {4, 4}, {4, 4}}},
  };
  for (const LatticeKind& kind : lattice_kinds()) {
    if (kind.form != LatticeForm::named_cell) continue;
    ASSERT_TRUE(by_hand.contains(kind.name)) << "count the neighbours of " << kind.name << " here";
    const auto& shells = by_hand.at(kind.name);
    for (std::size_t shell = 1; shell <= shells.size(); ++shell) {
      EXPECT_EQ(coordination(kind.cell, static_cast<int>(shell)), shells[shell - 1]) << kind.name << " shell " << shell;
    }
  }
}

TEST(UnitCell, ShellsAreThoseOfTheCrystalsOfTextbooks) {
  const UnitCell fcc = own({{0, 0.5, 0.5}, {0.5, 0, 0.5}, {0.5, 0.5, 0}});
  const UnitCell bcc = own({{-0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0.5, 0.5, -0.5}});
  const UnitCell diamond = own(fcc.primitive, {{0, 0, 0}, {0.25, 0.25, 0.25}});
  const int fcc_shells[] = {12, 6, 24, 12, 24, 8, 48}, bcc_shells[] = {8, 6, 12, 24, 8, 6}, diamond_shells[] = {4, 12, 12, 6, 12, 24};
  for (int shell = 1; shell <= 7; ++shell) EXPECT_EQ(coordination(fcc, shell)[0], fcc_shells[shell - 1]) << shell;
  for (int shell = 1; shell <= 6; ++shell) EXPECT_EQ(coordination(bcc, shell)[0], bcc_shells[shell - 1]) << shell;
  for (int shell = 1; shell <= 6; ++shell) EXPECT_EQ(coordination(diamond, shell), std::vector<int>(2, diamond_shells[shell - 1])) << shell;
}

TEST(UnitCell, ShellsDoNotDependOnTheChoiceOfThePrimitiveVectors) {
  const int square[] = {4, 4, 4, 8, 4, 4, 8};
  for (const UnitCell& cell : {own({{1, 0, 0}, {7, 1, 0}}), own({{8, 1, 0}, {7, 1, 0}}), own({{0, 2.5, 0}, {0, 15, 2.5}})}) {
    for (int shell = 1; shell <= 7; ++shell) EXPECT_EQ(coordination(cell, shell)[0], square[shell - 1]) << shell;
  }
}

TEST(UnitCell, CountsRoundedCoordinatesAsOneShell) {
  EXPECT_EQ(coordination(own({{1, 0, 0}, {0.5, 0.866, 0}}), 1)[0], 6);
  EXPECT_EQ(coordination(own({{1e-3, 0, 0}, {0.5e-3, 0.8660254e-3, 0}}), 2)[0], 6);
  EXPECT_EQ(coordination(own({{1, 0, 0}, {0, 1.01, 0}}), 1)[0], 2);
}

TEST(UnitCell, ReciprocalVectorsAreDualToThePrimitiveOnes) {
  const double turn = 2 * std::acos(-1.0);
  for (const UnitCell& cell : {own({{1, 2, 3}}), own({{0, 0, 2}}), own({{1, 0, 1}, {0.3, 2, -1}}), own({{1, 0, 0}, {0.3, 1, 0}, {-0.2, 0.4, 2}}),
                               own({{0, 1, 0}, {1, 0, 0}}), cell_of("triangular")}) {
    const std::vector<Vector3> b = reciprocal_vectors(cell);
    for (int i = 0; i < cell.axes(); ++i) {
      for (int j = 0; j < cell.axes(); ++j) EXPECT_NEAR(dot(cell.primitive[i], b[j]), i == j ? turn : 0, 1e-14 * turn);
    }
  }
}

TEST(Ladder, HasLegsAndRungs) {
  const Lattice ladder({.kind = "ladder", .size = {4, 3}});
  std::set<Pair> legs, rungs;
  for (int x = 0; x < 4; ++x) {
    for (int y = 0; y < 3; ++y) legs.insert(std::minmax(3 * x + y, 3 * ((x + 1) % 4) + y));
    for (int y = 0; y < 2; ++y) rungs.insert({3 * x + y, 3 * x + y + 1});
  }
  EXPECT_EQ(pairs(ladder.bonds("leg")), legs);
  EXPECT_EQ(pairs(ladder.bonds("rung")), rungs);
  std::set<Pair> both = legs;
  both.insert(rungs.begin(), rungs.end());
  EXPECT_EQ(pairs(ladder.bonds(1)), both);
  EXPECT_EQ(ladder.describe(), "ladder 4x3, periodic x open");
  EXPECT_EQ(Lattice({.kind = "ladder", .size = {4, 3}, .boundary = {Boundary::open, Boundary::periodic}}).bonds("rung").size(), 12u);
  EXPECT_TRUE(Lattice({.kind = "ladder", .size = {4, 1}}).bonds("rung").empty());
}

// Cell n has site 2n in the middle of its edge along x, 2n + 1 in the middle of its edge along y; crosses stand at the corners.
TEST(Checkerboard, CrossesEverySecondPlaquette) {
  const Lattice lattice({.kind = "checkerboard", .size = {3, 4}});
  const auto cell = [](int x, int y) { return 2 * (((x + 3) % 3) * 4 + (y + 4) % 4); };
  std::set<Pair> nearest, diagonal;
  for (int x = 0; x < 3; ++x) {
    for (int y = 0; y < 4; ++y) {
      const int right = cell(x, y), left = cell(x - 1, y), above = cell(x, y) + 1, below = cell(x, y - 1) + 1;
      for (const int across : {above, below}) {
        nearest.insert(std::minmax(right, across));
        nearest.insert(std::minmax(left, across));
      }
      diagonal.insert(std::minmax(left, right));
      diagonal.insert(std::minmax(below, above));
    }
  }
  EXPECT_EQ(pairs(lattice.bonds("nn")), nearest);
  EXPECT_EQ(pairs(lattice.bonds(1)), nearest);
  EXPECT_EQ(pairs(lattice.bonds("diagonal")), diagonal);
  EXPECT_EQ(lattice.bonds("nn").size(), 48u);
  EXPECT_EQ(lattice.bonds("diagonal").size(), 24u);
  EXPECT_EQ(degrees(lattice, lattice.bonds("diagonal")), std::vector<int>(24, 2));
}

TEST(Lieb, JoinsCornersToTheMiddlesOfEdges) {
  const Lattice lattice({.kind = "lieb", .size = {2, 3}});
  std::set<Pair> expected;
  for (int x = 0; x < 2; ++x) {
    for (int y = 0; y < 3; ++y) {
      const int corner = 3 * (3 * x + y), right = 3 * (3 * ((x + 1) % 2) + y), above = 3 * (3 * x + (y + 1) % 3);
      for (const auto& [end, middle] : {Pair(corner, corner + 1), {right, corner + 1}, {corner, corner + 2}, {above, corner + 2}}) {
        expected.insert(std::minmax(end, middle));
      }
    }
  }
  EXPECT_EQ(pairs(lattice.bonds(1)), expected);
  EXPECT_EQ(expected.size(), 24u);
  EXPECT_FALSE(Lattice::two_colouring(18, lattice.bonds(1)).empty());  // also of odd length: every loop has an edge for each corner
}

TEST(Cubic, TwoByTwoByThree) {
  const Lattice lattice({.kind = "cubic", .size = {2, 2, 3}});
  std::set<Pair> expected;
  for (int x = 0; x < 2; ++x) {
    for (int y = 0; y < 2; ++y) {
      for (int z = 0; z < 3; ++z) {
        const int site = 6 * x + 3 * y + z;
        expected.insert(std::minmax(site, 6 * ((x + 1) % 2) + 3 * y + z));
        expected.insert(std::minmax(site, 6 * x + 3 * ((y + 1) % 2) + z));
        expected.insert(std::minmax(site, 6 * x + 3 * y + (z + 1) % 3));
      }
    }
  }
  EXPECT_EQ(lattice.sites(), 12);
  EXPECT_EQ(pairs(lattice.bonds(1)), expected);
  EXPECT_EQ(expected.size(), 6u + 6u + 12u);
  EXPECT_EQ(lattice.describe(), "cubic 2x2x3, periodic");
  EXPECT_EQ(lattice.position(lattice.image_at({1, 1, 2}, 0)->site), (Vector3{1, 1, 2}));
  EXPECT_EQ(Lattice({.kind = "cubic", .size = {3, 4, 5}}).bonds(2).size(), 6u * 60u);
  const std::vector<Boundary> slab{Boundary::periodic, Boundary::antiperiodic, Boundary::open};
  EXPECT_EQ(Lattice({.kind = "cubic", .size = {3, 4, 5}, .boundary = slab}).describe(), "cubic 3x4x5, periodic x antiperiodic x open");
  EXPECT_EQ(Lattice({.kind = "cubic", .size = {3, 4, 5}, .boundary = slab}).bonds(1).size(), 60u + 60u + 48u);
}

TEST(Cell, OfTheHoneycombIsTheHoneycomb) {
  const Lattice named({.kind = "honeycomb", .size = {3, 4}});
  const Lattice typed({.kind = "cell", .size = {3, 4}, .cell = own(cell_of("honeycomb").primitive, cell_of("honeycomb").basis)});
  for (const int shell : {1, 2, 3}) EXPECT_EQ(typed.bonds(shell), named.bonds(shell));
  EXPECT_EQ(typed.describe(), "cell 3x4, periodic");
}

TEST(Cell, TakesBondsByName) {
  LatticeOptions kitaev{.kind = "honeycomb", .size = {3, 3}};
  kitaev.cell.bonds = {{"x", {{{-1, 0, 0}, 0, 1}}}, {"y", {{{0, -1, 0}, 0, 1}}}, {"z", {{{0, 0, 0}, 0, 1}}}};
  const Lattice lattice(kitaev);
  EXPECT_EQ(lattice.bond_names(), (std::vector<std::string>{"x", "y", "z"}));
  std::set<Pair> all;
  for (const char* name : {"x", "y", "z"}) {
    EXPECT_EQ(degrees(lattice, lattice.bonds(name)), std::vector<int>(18, 1));
    for (const Pair& pair : pairs(lattice.bonds(name))) all.insert(pair);
  }
  EXPECT_EQ(all, pairs(lattice.bonds(1)));
  EXPECT_THAT([&] { lattice.bonds("w"); }, ThrowsMessage<InputError>(HasSubstr("(known: x, y, z)")));
  EXPECT_THAT([] { Lattice({.kind = "chain", .size = {4}}).bonds("x"); }, ThrowsMessage<InputError>(HasSubstr("none have a name")));
}

TEST(LatticeOptions, AreRefusedWhereTheyContradict) {
  const auto refused = [](const LatticeOptions& options, const char* why) {
    EXPECT_THAT([&] { Lattice{options}; }, ThrowsMessage<InputError>(HasSubstr(why)));
  };
  refused({.kind = "cube", .size = {2}}, "known: chain, square");
  refused({.kind = "square"}, "size has 0 entries");
  refused({.kind = "square", .size = {2, 2, 2}}, "size has 3 entries");
  refused({.kind = "square", .size = {2, 2}, .torus = {{2, 0, 0}, {0, 2, 0}}}, "keep one");
  refused({.kind = "square", .torus = {{2, 0, 0}}}, "has 1 rows");
  refused({.kind = "square", .torus = {{2, 1, 0}, {4, 2, 0}}}, "depend on each other");
  refused({.kind = "square", .torus = {{2, 1, 1}, {1, 2, 0}}}, "entry for axis 3");
  refused({.kind = "square", .size = {2, 2}, .cell = own({{1, 0, 0}})}, "use kind cell");
  refused({.kind = "cell", .size = {2}}, "primitive has 0 vectors");
  refused({.kind = "cell", .size = {2, 2}, .cell = own({{1, 1, 0}, {2, 2, 0}})}, "depend on each other");
  refused({.kind = "cell", .size = {2, 2}, .cell = own({{1, 0, 0}, {0, 0, 0}})}, "vector of length 0");
  refused({.kind = "cell", .size = {2}, .cell = own({{1, 0, 0}}, {})}, "basis is empty");
  refused({.kind = "cell", .size = {4}, .cell = own({{1, 0, 0}}, {{0, 0, 0}, {3, 0, 0}})}, "at one place");
  refused({.kind = "cell", .size = {4}, .cell = {{{1, 0, 0}}, {{0, 0, 0}}, {{"a", {{{1, 0, 0}, 0, 1}}}}}}, "below 1");
  refused({.kind = "cell", .size = {4}, .cell = {{{1, 0, 0}}, {{0, 0, 0}}, {{"a", {{{1, 1, 0}}}}}}}, "along axis 2");
  refused({.kind = "cell", .size = {4}, .cell = {{{1, 0, 0}}, {{0, 0, 0}}, {{"a", {}}, {"a", {}}}}}, "given twice");
}

}  // namespace
}  // namespace qs

#include "hamiltonians/lattice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "engine/base/error.h"

namespace qs {
namespace {

using Pair = std::pair<int, int>;

Lattice periodic(const std::string& kind, std::vector<int> size) {
  const std::size_t axes = size.size();
  return Lattice({kind, std::move(size), std::vector<Boundary>(axes, Boundary::periodic)});
}

std::set<Pair> pairs(const std::vector<Bond>& bonds) {
  std::set<Pair> result;
  for (const Bond& bond : bonds) result.insert({bond.i, bond.j});
  return result;
}

int wrapped(int value, int length) { return ((value % length) + length) % length; }

// (dx, dy, b, b'): the neighbours of a shell written out by hand from the drawings of the lattices.
struct Neighbour {
  int dx, dy, from, to;
};

std::set<Pair> by_hand(int lx, int ly, int basis, const std::vector<Neighbour>& neighbours) {
  std::set<Pair> result;
  for (int x = 0; x < lx; ++x) {
    for (int y = 0; y < ly; ++y) {
      for (const auto& [dx, dy, from, to] : neighbours) {
        result.insert(std::minmax((x * ly + y) * basis + from, (wrapped(x + dx, lx) * ly + wrapped(y + dy, ly)) * basis + to));
      }
    }
  }
  return result;
}

struct ShellCase {
  const char* name;
  std::string kind;
  int basis, shell;
  std::vector<Neighbour> neighbours;
  int bonds_per_cell;
};

class ShellTable : public ::testing::TestWithParam<ShellCase> {};

TEST_P(ShellTable, HasTheNeighboursOfTheDrawing) {
  const ShellCase& c = GetParam();
  const bool chain = c.kind == "chain";
  const int lx = 6, ly = chain ? 1 : 5;
  const Lattice lattice = periodic(c.kind, chain ? std::vector<int>{lx} : std::vector<int>{lx, ly});
  const std::vector<Bond> bonds = lattice.bonds(c.shell);
  EXPECT_EQ(pairs(bonds), by_hand(lx, ly, c.basis, c.neighbours));
  EXPECT_EQ(static_cast<int>(bonds.size()), c.bonds_per_cell * lx * ly);
  EXPECT_TRUE(std::is_sorted(bonds.begin(), bonds.end(), [](const Bond& a, const Bond& b) { return Pair(a.i, a.j) < Pair(b.i, b.j); }));
  for (const Bond& bond : bonds) {
    EXPECT_LT(bond.i, bond.j);
    EXPECT_EQ(bond.seam_sign, 1);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, ShellTable,
    ::testing::Values(
        ShellCase{"chain_1", "chain", 1, 1, {{1, 0, 0, 0}}, 1}, ShellCase{"chain_2", "chain", 1, 2, {{2, 0, 0, 0}}, 1},
        ShellCase{"square_1", "square", 1, 1, {{1, 0, 0, 0}, {0, 1, 0, 0}}, 2},
        ShellCase{"square_2", "square", 1, 2, {{1, 1, 0, 0}, {1, -1, 0, 0}}, 2},
        ShellCase{"square_3", "square", 1, 3, {{2, 0, 0, 0}, {0, 2, 0, 0}}, 2},
        ShellCase{"triangular_1", "triangular", 1, 1, {{1, 0, 0, 0}, {0, 1, 0, 0}, {1, -1, 0, 0}}, 3},
        ShellCase{"triangular_2", "triangular", 1, 2, {{1, 1, 0, 0}, {2, -1, 0, 0}, {1, -2, 0, 0}}, 3},
        ShellCase{"honeycomb_1", "honeycomb", 2, 1, {{0, 0, 0, 1}, {-1, 0, 0, 1}, {0, -1, 0, 1}}, 3},
        ShellCase{"honeycomb_2", "honeycomb", 2, 2, {{1, 0, 0, 0}, {0, 1, 0, 0}, {1, -1, 0, 0}, {1, 0, 1, 1}, {0, 1, 1, 1}, {1, -1, 1, 1}}, 6},
        ShellCase{"kagome_1", "kagome", 3, 1, {{0, 0, 0, 1}, {1, -1, 0, 1}, {0, 0, 0, 2}, {0, -1, 0, 2}, {0, 0, 1, 2}, {-1, 0, 1, 2}}, 6}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(Lattice, NumbersSitesWithTheLastCoordinateFastestThenTheBasis) {
  const Lattice kagome = periodic("kagome", {2, 3});
  EXPECT_EQ(kagome.sites(), 18);
  EXPECT_EQ(kagome.image_at({1, 2, 0}, 1)->site, (1 * 3 + 2) * 3 + 1);
  for (int site = 0; site < kagome.sites(); ++site) {
    EXPECT_EQ(kagome.image_at(kagome.cell_vector(site), kagome.basis_site(site)), Image{site});
  }
  EXPECT_EQ(periodic("square", {4, 6}).image_at({1, 0, 0}, 0)->site, 6);
}

TEST(Lattice, PlacesNearestNeighboursAtOneDistance) {
  const struct {
    std::string kind;
    double distance;
  } cases[] = {{"square", 1}, {"triangular", 1}, {"honeycomb", 1 / std::sqrt(3.0)}, {"kagome", 0.5}};
  for (const auto& [kind, distance] : cases) {
    const Lattice lattice({kind, {4, 4}, {Boundary::open, Boundary::open}});
    for (const Bond& bond : lattice.bonds(1)) {
      const auto a = lattice.position(bond.i), b = lattice.position(bond.j);
      EXPECT_NEAR(std::hypot(a[0] - b[0], a[1] - b[1]), distance, 1e-14);
    }
  }
}

TEST(Lattice, MergesCoincidentImagesOnLengthTwo) {
  EXPECT_EQ(periodic("chain", {2}).bonds(1), (std::vector<Bond>{{0, 1, 1, {}, {true, false, false}}}));
  EXPECT_EQ(periodic("square", {2, 2}).bonds(1).size(), 4u);
  EXPECT_EQ(periodic("square", {2, 4}).bonds(1).size(), 4u + 8u);
}

TEST(Lattice, RefusesABondFromASiteToItself) {
  EXPECT_THROW(periodic("square", {2, 2}).bonds(3), InputError);
  EXPECT_THROW(periodic("square", {2, 4}).bonds(3), InputError);
  EXPECT_THROW(periodic("square", {1, 4}).bonds(1), InputError);
  EXPECT_THROW(periodic("chain", {1}).bonds(1), InputError);
  EXPECT_NO_THROW(Lattice({"square", {2, 2}, {Boundary::open, Boundary::open}}).bonds(3));
}

TEST(Lattice, HasHalfTheThirdShellOnASquareOfFour) {
  EXPECT_EQ(periodic("square", {4, 4}).bonds(3).size(), 16u);
  EXPECT_EQ(periodic("square", {5, 5}).bonds(3).size(), 50u);
}

TEST(Lattice, HasTwoSecondNeighbourBondsOnARingOfFour) { EXPECT_EQ(pairs(periodic("chain", {4}).bonds(2)), (std::set<Pair>{{0, 2}, {1, 3}})); }

TEST(Lattice, WarnsWhenAPairSitsInTwoShells) {
  const Lattice small = periodic("square", {3, 3});
  const auto first = pairs(small.bonds(1)), third = pairs(small.bonds(3));
  EXPECT_EQ(first, third);
  EXPECT_TRUE(small.warnings(2).empty());
  EXPECT_THAT(small.warnings(3), ::testing::ElementsAre(::testing::HasSubstr("18 pairs")));
  EXPECT_TRUE(periodic("square", {6, 6}).warnings(3).empty());
}

TEST(Lattice, DropsBondsBeyondAnOpenEdge) {
  EXPECT_EQ(Lattice({"chain", {5}, {Boundary::open}}).bonds(1).size(), 4u);
  EXPECT_EQ(Lattice({"square", {3, 4}, {Boundary::open, Boundary::open}}).bonds(1).size(), 2u * 4u + 3u * 3u);
  EXPECT_EQ(Lattice({"square", {3, 4}, {Boundary::open, Boundary::periodic}}).bonds(1).size(), 2u * 4u + 3u * 4u);
}

TEST(Lattice, MarksBondsAcrossAnAntiperiodicSeam) {
  for (const Bond& bond : Lattice({"chain", {6}, {Boundary::antiperiodic}}).bonds(1)) {
    EXPECT_EQ(bond.seam_sign, bond.i == 0 && bond.j == 5 ? -1 : 1);
  }
  const Lattice both({"square", {3, 4}, {Boundary::antiperiodic, Boundary::antiperiodic}});
  for (const Bond& bond : both.bonds(2)) {  // the diagonal through the corner crosses two seams
    const auto [x, y, z] = both.cell_vector(bond.i);
    const auto [u, v, w] = both.cell_vector(bond.j);
    const int crossings = (std::abs(u - x) > 1) + (std::abs(v - y) > 1);
    EXPECT_EQ(bond.seam_sign, crossings % 2 ? -1 : 1);
  }
}

TEST(Lattice, RefusesImagesWithOppositeSeamSigns) {
  const Lattice two({"chain", {2}, {Boundary::antiperiodic}});
  EXPECT_THROW(two.bonds(1), InputError);
  EXPECT_NO_THROW(two.graph_distance({1}));
}

TEST(Lattice, ColoursBipartiteGraphsOnly) {
  const Lattice square = periodic("square", {4, 6});
  const std::vector<int> colour = Lattice::two_colouring(square.sites(), square.bonds(1));
  ASSERT_EQ(colour.size(), 24u);
  for (int site = 0; site < 24; ++site) EXPECT_EQ(colour[site], (site / 6 + site % 6) % 2);
  EXPECT_TRUE(Lattice::two_colouring(9, periodic("square", {3, 3}).bonds(1)).empty());
  EXPECT_TRUE(Lattice::two_colouring(16, periodic("triangular", {4, 4}).bonds(1)).empty());
  EXPECT_FALSE(Lattice::two_colouring(18, periodic("honeycomb", {3, 3}).bonds(1)).empty());
}

TEST(Lattice, CountsHopsOverTheUnionOfShells) {
  // Shells 1 and 2 with at most two hops are the 5x5 block: 24 partners, 1200 pairs on 10x10; on L = 4, 6, 8, 12: 120, 432, 768, 1728.
  for (const auto& [length, expected] : {std::pair{4, 120}, {6, 432}, {8, 768}, {10, 1200}, {12, 1728}}) {
    int within = 0;
    const Lattice lattice = periodic("square", {length, length});
    for (const int distance : lattice.graph_distance({1, 2})) within += distance == 1 || distance == 2;
    EXPECT_EQ(within / 2, expected) << length;
  }
  int within = 0;
  for (const int distance : periodic("square", {10, 10}).graph_distance({1})) within += distance == 1 || distance == 2;
  EXPECT_EQ(within / 2, 600);
  const Lattice even_sites = periodic("chain", {8});
  EXPECT_EQ(even_sites.graph_distance({2})[0 * 8 + 1], -1);
}

TEST(Lattice, RefusesWrongSizes) {
  EXPECT_THROW(periodic("square", {4}), InputError);
  EXPECT_THROW(periodic("chain", {4, 4}), InputError);
  EXPECT_THROW(periodic("chain", {0}), InputError);
  EXPECT_THROW(periodic("chain", {-3}), InputError);
  EXPECT_THROW(periodic("square", {100000, 100000}), InputError);
  EXPECT_THROW(Lattice({"square", {4, 4}, {Boundary::periodic}}), InputError);
}

TEST(Lattice, DescribesItself) {
  EXPECT_EQ(periodic("square", {4, 6}).describe(), "square 4x6, periodic");
  EXPECT_EQ(Lattice({"square", {4, 6}, {Boundary::open, Boundary::periodic}}).describe(), "square 4x6, open x periodic");
}

}  // namespace
}  // namespace qs

// Lattices that are written down bond by bond.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "exact.h"
#include "hamiltonians/registry.h"

namespace qs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using Pairs = std::vector<std::pair<int, int>>;

LatticeOptions graph(int sites, std::vector<NamedPairs> bonds) { return {.kind = "graph", .graph = {sites, {}, std::move(bonds)}}; }

// A square 0-1-2-3 with one diagonal.
LatticeOptions kite() { return graph(4, {{"diagonal", {{2, 0}}}, {"nn", {{0, 1}, {1, 2}, {3, 2}, {3, 0}}}}); }

TEST(Graph, NumbersItsListsAsShellsAndPutsTheNearestFirst) {
  const Lattice lattice(kite());
  EXPECT_EQ(lattice.sites(), 4);
  EXPECT_THAT(lattice.bond_names(), ElementsAre("nn", "diagonal"));
  EXPECT_THAT(lattice.bonds(1), ElementsAre(Bond{0, 1}, Bond{0, 3}, Bond{1, 2}, Bond{2, 3}));
  EXPECT_THAT(lattice.bonds(2), ElementsAre(Bond{0, 2}));
  EXPECT_EQ(lattice.bonds("diagonal"), lattice.bonds(2));
  EXPECT_THAT(Lattice(graph(3, {{"a", {{0, 1}}}, {"b", {{1, 2}}}})).bonds(1), ElementsAre(Bond{0, 1}));
  EXPECT_EQ(lattice.describe(), "graph of 4 sites");
}

TEST(Graph, HasColoursAndDistances) {
  const Lattice lattice(kite());
  EXPECT_THAT(Lattice::two_colouring(4, lattice.bonds(1)), ElementsAre(0, 1, 0, 1));
  EXPECT_THAT(lattice.sublattices(), ElementsAre(0, 1, 0, 1));
  EXPECT_EQ(lattice.graph_distance({1})[0 * 4 + 2], 2);
  EXPECT_EQ(lattice.graph_distance({1, 2})[0 * 4 + 2], 1);
  EXPECT_EQ(lattice.graph_distance({2})[0 * 4 + 1], -1);
  EXPECT_TRUE(lattice.warnings(3).empty());
}

TEST(Graph, KeepsItsPositions) {
  LatticeOptions options = kite();
  EXPECT_FALSE(Lattice(options).has_positions());
  EXPECT_THAT([&] { Lattice(options).position(0); }, ThrowsMessage<InputError>(HasSubstr("has no positions")));
  options.graph.positions = {{0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {0, 1, 0.5}};
  EXPECT_EQ(Lattice(options).position(3), (Vector3{0, 1, 0.5}));
}

TEST(Graph, RefusesByNameWhatNeedsCells) {
  const Lattice lattice(kite());
  EXPECT_THAT([&] { lattice.momenta(); }, ThrowsMessage<InputError>(HasSubstr("graph of 4 sites has no wave vectors (a graph has no cells")));
  EXPECT_THAT([&] { lattice.reciprocal(0); }, ThrowsMessage<InputError>(HasSubstr("no reciprocal vectors")));
  EXPECT_THAT([&] { lattice.image(0, {1, 0, 0}, 0); }, ThrowsMessage<InputError>(HasSubstr("no cells")));
  EXPECT_THAT([&] { lattice.bonds(3); }, ThrowsMessage<InputError>(HasSubstr("no shell 3")));
  EXPECT_TRUE(lattice.translation({1, 0, 0}).empty());
  const Sector sector({SectorKind::spin_half, 4, 2, -1});
  EXPECT_THROW(find_observable("structure_factor").build({lattice, sector}), InputError);
  EXPECT_THROW(build_family(test::spins(kite(), "haldane_shastry", {}, 2)), InputError);
  EXPECT_THROW(build_family(test::spins(kite(), "shastry_sutherland", {}, 2)), InputError);
}

TEST(Graph, RefusesListsThatAreNoBonds) {
  const auto refused = [](const LatticeOptions& options, const char* why) {
    EXPECT_THAT([&] { Lattice{options}; }, ThrowsMessage<InputError>(HasSubstr(why)));
  };
  refused(graph(0, {}), "not a number of sites");
  refused(graph(2, {{"a", {{0, 2}}}}), "counted from 0 to 1");
  refused(graph(2, {{"a", {{-1, 1}}}}), "counted from 0 to 1");
  refused(graph(2, {{"a", {{1, 1}}}}), "to itself");
  refused(graph(2, {{"a", {{0, 1}, {1, 0}}}}), "twice");
  refused(graph(2, {{"a", {}}, {"a", {}}}), "given twice");
  LatticeOptions options = kite();
  options.graph.positions = {{0, 0, 0}};
  refused(options, "one position per site");
  options = kite();
  options.size = {4};
  refused(options, "takes no size");
}

// The ring written as a graph is the ring: the same terms in the same order.
TEST(Graph, OfARingGivesTheHamiltonianOfTheRing) {
  Pairs ring;
  for (int site = 0; site < 8; ++site) ring.emplace_back(site, (site + 1) % 8);
  const auto energy = [](LatticeOptions lattice) { return test::ground_energy(build_family(test::spins(std::move(lattice), "heisenberg", {}, 4))); };
  EXPECT_EQ(energy(graph(8, {{"1", ring}})), energy(test::periodic("chain", {8})));
}

}  // namespace
}  // namespace qs

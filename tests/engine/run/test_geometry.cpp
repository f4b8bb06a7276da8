// What results.h5 tells of lattices in the plane, in space, tilted, and without cells.
#include "engine/run/geometry.h"

#include <gtest/gtest.h>

#include "hamiltonians/registry.h"

namespace qs {
namespace {

DataTree geometry_of(LatticeOptions lattice) {
  SystemOptions system;
  system.lattice = std::move(lattice);
  system.sector.kind = SectorKind::spin_half;
  system.model = "heisenberg";
  DataTree tree;
  store_geometry(build_family(system), "system", tree);
  return tree;
}

using Shape = std::vector<std::int64_t>;

TEST(Geometry, OfAPlanarLatticeHasTwoColumns) {
  const DataTree tree = geometry_of({.kind = "honeycomb", .size = {2, 3}});
  EXPECT_EQ(tree.at("system/positions").shape, (Shape{12, 2}));
  EXPECT_EQ(tree.at("system/primitive_vectors").shape, (Shape{2, 2}));
  EXPECT_EQ(tree.at("system/momenta/k").shape, (Shape{6, 2}));
  EXPECT_FALSE(tree.has("system/momenta/denominators"));
  EXPECT_EQ(geometry_of({.kind = "chain", .size = {6}}).at("system/momenta/q").shape, (Shape{6, 2}));
}

TEST(Geometry, OfALatticeInSpaceHasThree) {
  const DataTree tree = geometry_of({.kind = "cubic", .size = {2, 2, 3}});
  EXPECT_EQ(tree.at("system/positions").shape, (Shape{12, 3}));
  EXPECT_EQ(tree.at("system/reciprocal_vectors").shape, (Shape{3, 3}));
  EXPECT_EQ(tree.at("system/momenta/k").shape, (Shape{12, 3}));
  const std::vector<double>& positions = tree.doubles("system/positions");
  EXPECT_EQ(std::vector<double>(positions.end() - 3, positions.end()), (std::vector<double>{1, 1, 2}));
}

TEST(Geometry, OfATiltedTorusTellsTheDenominatorsOfItsWaveVectors) {
  const DataTree tree = geometry_of({.kind = "square", .torus = {{3, 1, 0}, {-1, 3, 0}}});
  EXPECT_EQ(tree.integers("system/momenta/denominators"), (std::vector<std::int64_t>{10, 10}));
  EXPECT_EQ(tree.at("system/momenta/q").shape, (Shape{10, 2}));
  EXPECT_EQ(tree.at("system/bonds/J1").shape, (Shape{20, 2}));
}

TEST(Geometry, OfAGraphHasItsBondsAndThePositionsItWasGiven) {
  LatticeOptions graph{.kind = "graph", .graph = {3, {}, {{"nn", {{0, 1}, {1, 2}}}}}};
  const DataTree tree = geometry_of(graph);
  EXPECT_EQ(tree.at("system/bonds/J1").shape, (Shape{2, 2}));
  for (const char* absent : {"positions", "primitive_vectors", "reciprocal_vectors", "momenta/k", "momenta/q"}) {
    EXPECT_FALSE(tree.has(std::string("system/") + absent)) << absent;
  }
  graph.graph.positions = {{0, 0, 0}, {1, 0, 0}, {1, 1, 0}};
  EXPECT_EQ(geometry_of(graph).at("system/positions").shape, (Shape{3, 2}));
}

}  // namespace
}  // namespace qs

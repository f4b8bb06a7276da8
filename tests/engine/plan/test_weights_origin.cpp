// Whether weights belong to a lattice is a question of its sites and their order, not of its name.
#include "engine/plan/weights_origin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/plan_of.h"

namespace qs {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

Origin origin(const std::string& lattice) {
  return test::plan_of({.lattice = lattice,
                        .sector = "{kind: spin_half}",
                        .hamiltonian = "{kind: terms, terms: [{expression: S.S, tuples: [[0, 1]]}]}",
                        .sampler = "sampler: {kind: metropolis, move: {kind: flip}, chains: 1, samples: 1}\n"})
      .origin;
}

std::string refusal(const std::string& stored, const std::string& ours) {
  try {
    refuse_other_origin(origin(stored), origin(ours), Serves::its_lattice, "w.h5");
  } catch (const CheckpointError& error) {
    return error.what();
  }
  return "";
}

std::string cell(const std::string& vectors, const std::string& more) { return "{kind: cell, vectors: " + vectors + ", " + more + "}"; }
std::string graph(const std::string& bonds) { return "{kind: graph, sites: 4, bonds: {" + bonds + "}}"; }

TEST(WeightsOrigin, ACellIsWhatItsVectorsAndSitesSay) {
  const std::string square = cell("[[1, 0], [0, 1]]", "size: [3, 4]"), turned = cell("[[0, 2], [-2, 0]]", "size: [3, 4]");
  for (const std::string& same : {square, turned, std::string("{kind: square, size: [3, 4]}"), cell("[[1, 0], [0, 1]]", "torus: [[3, 0], [0, 4]]"),
                                  cell("[[1, 0], [0, 1]]", "size: [3, 4], periodic: false, bonds: {x: [[1, 0, 0, 0]]}")}) {
    EXPECT_EQ(refusal(same, square), "") << same;
    EXPECT_EQ(refusal(square, same), "") << same;
  }
  for (const std::string& other :
       {cell("[[1, 0], [0.5, 0.866]]", "size: [3, 4]"), cell("[[1, 0], [0, 2]]", "size: [3, 4]"), cell("[[1, 0], [0, 1]]", "torus: [[3, 1], [0, 4]]"),
        std::string("{kind: square, size: [4, 3]}"), cell("[[1, 0], [0, 1]]", "size: [3, 2], basis: [[0, 0], [0, 0.5]]")}) {
    EXPECT_THAT(refusal(other, square), HasSubstr("belong to another system")) << other;
    EXPECT_THAT(refusal(square, other), HasSubstr("belong to another system")) << other;
  }
  const std::string near = cell("[[1, 0], [0, 1]]", "size: [3, 2], basis: [[0, 0], [0, 0.4]]");
  const std::string far = cell("[[1, 0], [0, 1]]", "size: [3, 2], basis: [[0, 0], [0, 0.6]]");
  EXPECT_THAT(refusal(near, far), AllOf(HasSubstr("sites 0,0 0,0.4"), HasSubstr("sites 0,0 0,0.6")));
  EXPECT_EQ(refusal(cell("[[1, 0], [0.5, 0.866]]", "size: [3, 3]"), "{kind: triangular, size: [3, 3]}"), "");
}

TEST(WeightsOrigin, AGraphIsItsNearestNeighboursSiteBySite) {
  const std::string ring = graph("nn: [[0, 1], [1, 2], [2, 3], [0, 3]]"), renumbered = graph("nn: [[0, 2], [1, 2], [1, 3], [0, 3]]");
  EXPECT_EQ(refusal(ring, graph("nn: [[3, 0], [2, 3], [1, 2], [0, 1]], next: [[0, 2]]")), "");
  EXPECT_THAT(refusal(ring, renumbered), AllOf(HasSubstr("'bonds 0-1 0-3 1-2 2-3' there"), HasSubstr("'bonds 0-2 0-3 1-2 1-3' here")));
  EXPECT_THAT(refusal(renumbered, ring), HasSubstr("geometry"));
  EXPECT_THAT(refusal(ring, "{kind: chain, size: [4]}"), HasSubstr("lattice 'graph of 4 sites' there, 'chain 4' here"));
}

// A list of any length stays a short text that names every bond.
TEST(WeightsOrigin, LongGraphsDifferInTheirLastBond) {
  std::string bonds;
  for (int i = 0; i < 199; ++i) bonds += "[" + std::to_string(i) + ", " + std::to_string(i + 1) + "], ";
  const auto with = [&](const std::string& last) { return "{kind: graph, sites: 200, bonds: {nn: [" + bonds + last + "]}}"; };
  EXPECT_EQ(refusal(with("[0, 199]"), with("[199, 0]")), "");
  EXPECT_THAT(refusal(with("[198, 2]"), with("[198, 3]")), HasSubstr("sha256"));
  EXPECT_LT(origin(with("[0, 199]"))["geometry"].size(), 400u);
}

TEST(WeightsOrigin, FilesWithoutAGeometryGoByTheName) {
  Origin old = origin("{kind: square, size: [3, 4]}");
  old.erase("geometry");
  EXPECT_NO_THROW(refuse_other_origin(old, origin("{kind: square, size: [3, 4], periodic: false}"), Serves::its_lattice, "w.h5"));
  EXPECT_THROW(refuse_other_origin(old, origin("{kind: chain, size: [12]}"), Serves::its_lattice, "w.h5"), CheckpointError);
}

TEST(WeightsOrigin, BoundariesAndSectorsAreSaid) {
  const Origin open = origin("{kind: square, size: [3, 2], periodic: false}"), closed = origin(cell("[[1, 0], [0, 1]]", "size: [3, 2]"));
  EXPECT_THAT(other_differences(open, open, "w.h5"), IsEmpty());
  EXPECT_THAT(other_differences(open, closed, "w.h5"), testing::ElementsAre(HasSubstr("were made for lattice 'square 3x2, open', not")));
  Origin fewer = closed;
  fewer["sector"] = "5 spins 1/2";
  EXPECT_THAT(other_differences(fewer, closed, "w.h5"), testing::ElementsAre(HasSubstr("were made for the sector '5 spins 1/2', not")));
}

}  // namespace
}  // namespace qs

#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/hdf5/data_tree.h"
#include "tests/engine/files/scratch.h"

namespace qs {
namespace {

TEST(DataTree, GivesTypedAccessToWhatWasSet) {
  DataTree tree;
  tree.set("a/energy", array(std::vector<double>{1, 2}));
  tree.set("a/step", array(std::vector<std::int64_t>{3}));
  tree.set("a/basis", array(std::vector<std::uint64_t>{4}));
  tree.set("a/input", scalar(std::string("format: 1")));

  EXPECT_EQ(tree.doubles("a/energy"), (std::vector<double>{1, 2}));
  EXPECT_EQ(tree.integers("a/step"), (std::vector<std::int64_t>{3}));
  EXPECT_EQ(tree.words("a/basis"), (std::vector<std::uint64_t>{4}));
  EXPECT_EQ(tree.text("a/input"), "format: 1");
  EXPECT_FALSE(tree.has("a"));
}

TEST(DataTree, NamesThePathOfWhatIsMissingOrOfAnotherType) {
  DataTree tree;
  tree.set("x", array(std::vector<double>{1}));
  tree.set("texts", array(std::vector<std::string>{"a", "b"}));

  EXPECT_EQ(test::message_of<CheckpointError>([&] { tree.at("y/z"); }),
            "dataset 'y/z' is missing (the file was written by something else or for another version)");
  EXPECT_EQ(test::message_of<CheckpointError>([&] { tree.integers("x"); }),
            "dataset 'x' holds float64 (expected int64); the file was written by something else or for another version");
  EXPECT_EQ(test::message_of<CheckpointError>([&] { tree.text("texts"); }), "dataset 'texts' holds 2 strings (one is expected)");
}

TEST(DataTree, TakesTheShapeOfAnArrayFromItsSizeUnlessOneIsGiven) {
  EXPECT_EQ(array(std::vector<double>(6)).shape, (std::vector<std::int64_t>{6}));
  EXPECT_EQ(array(std::vector<double>(6), {2, 3}).shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_TRUE(scalar(1.0).shape.empty());
  EXPECT_EQ(shape_text({4, 60}), "[4, 60]");
  EXPECT_EQ(shape_text({}), "scalar");
}

TEST(DataTree, AddsAndReplacesAttributes) {
  const Dataset energy = with(with(scalar(1.0), {{"units", std::string("J")}, {"per", std::string("site")}}), {{"units", std::string("t")}});

  EXPECT_EQ(std::get<std::string>(energy.attributes.at("units")), "t");
  EXPECT_EQ(std::get<std::string>(energy.attributes.at("per")), "site");
}

}  // namespace
}  // namespace qs

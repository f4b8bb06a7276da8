#include "engine/weights/weights.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <numeric>

#include "engine/base/error.h"
#include "engine/checkpoint/checkpoint_file.h"
#include "engine/hdf5/hdf5.h"
#include "tests/engine/files/scratch.h"

namespace qs {
namespace {

using test::message_of;
using test::Scratch;

// In the order of a network, which is not alphabetical.
const std::vector<TensorShape> kTensors = {{"embed/kernel", {4, 3}}, {"embed/bias", {3}}, {"Encoder_0/layers_10/alpha", {2, 2, 2}}, {"scale", {}}};

std::vector<double> counting() {
  std::vector<double> flat(12 + 3 + 8 + 1);
  std::iota(flat.begin(), flat.end(), 0.5);
  return flat;
}

TEST(Weights, ReturnInTheOrderOfTheModelFromAWeightFile) {
  const Scratch scratch;

  write_weights_file(scratch / "w.h5", kTensors, counting(), "kind: rbm");
  const DataTree tree = read_weights_file(scratch / "w.h5");

  EXPECT_EQ(load_weights(tree, kTensors, "w.h5"), counting());
  EXPECT_EQ(tree.text("model"), "kind: rbm");
  std::vector<TensorShape> reversed(kTensors.rbegin(), kTensors.rend());
  EXPECT_EQ(load_weights(tree, reversed, "w.h5").front(), counting().back());
}

TEST(Weights, AreFoundInCheckpointsAndResults) {
  const Scratch scratch;
  DataTree tree;
  tree.set("chains/log_psi", scalar(1.0));
  store_weights(tree, kTensors, counting());
  write_checkpoint(scratch.path(), tree, 5);

  EXPECT_EQ(load_weights(read_weights_file(scratch / "checkpoint.h5"), kTensors, "c"), counting());

  std::string damaged = test::slurp(scratch / "checkpoint.h5");
  damaged[damaged.size() / 2] ^= 1;
  test::spit(scratch / "checkpoint.h5", damaged);
  EXPECT_THROW(read_weights_file(scratch / "checkpoint.h5"), CheckpointError);
}

TEST(Weights, AreReadFromReferenceFilesOfOthers) {
  const char* folder = std::getenv("QSTAGE_SHARED");
  const std::string path = std::string(folder == nullptr ? "../shared" : folder) + "/reference/netket/vit_4x4.h5";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "reference data absent: " << path;

  const DataTree tree = read_weights_file(path);
  const std::vector<TensorShape> shapes = stored_shapes(tree);

  EXPECT_EQ(load_weights(tree, shapes, path).size(), 3612u);
}

TEST(Weights, AcceptSinglePrecision) {
  DataTree tree;
  tree.set("parameters/a", Dataset{{2}, std::vector<float>{0.5f, -1.25f}, {}});

  EXPECT_EQ(load_weights(tree, std::vector<TensorShape>{{"a", {2}}}, "w"), (std::vector<double>{0.5, -1.25}));
}

TEST(Weights, ThatDoNotFitAreRefusedWithTheFirstDifferenceAndBothShapes) {
  DataTree tree;
  store_weights(tree, kTensors, counting());
  std::vector<TensorShape> wider = kTensors;
  wider[0].shape = {4, 5};
  wider[1].shape = {5};

  EXPECT_EQ(message_of<CheckpointError>([&] { load_weights(tree, wider, "w.h5"); }),
            "weights 'w.h5' do not fit the model: parameter 'embed/bias': the model has [5], the file has [3] (2 of 4 parameters differ); use the "
            "wavefunction "
            "section they were made with");
}

TEST(Weights, ShapeDifferenceNamesMissingAndSurplusParameters) {
  const std::vector<TensorShape> without_bias = {kTensors[0], kTensors[2], kTensors[3]};
  std::vector<TensorShape> shuffled = {kTensors[2], kTensors[0], kTensors[3], kTensors[1]};

  EXPECT_EQ(shape_difference(kTensors, without_bias),
            "parameter 'embed/bias': the model has [3], the file has no such parameter (1 of 4 parameters differ)");
  EXPECT_EQ(shape_difference(without_bias, kTensors),
            "parameter 'embed/bias': the model has no such parameter, the file has [3] (1 of 4 parameters differ)");
  EXPECT_EQ(shape_difference(kTensors, shuffled), "");
  EXPECT_EQ(shape_difference({}, {}), "");
  EXPECT_EQ(shape_difference(std::vector<TensorShape>{{"scale", {}}}, std::vector<TensorShape>{{"scale", {1}}}),
            "parameter 'scale': the model has scalar, the file has [1] (1 of 1 parameters differ)");
}

TEST(Weights, EditedByHandAreNoticed) {
  DataTree tree;
  store_weights(tree, kTensors, counting());
  std::get<std::vector<double>>(tree.datasets.at("parameters/scale").values)[0] += 1e-12;

  EXPECT_EQ(message_of<CheckpointError>([&] { load_weights(tree, kTensors, "w.h5"); }),
            "'w.h5': the parameters do not fit their stored SHA-256 (damaged, or edited by hand); restore the file");
}

TEST(Weights, MustBeFiniteNumbers) {
  DataTree tree;
  tree.set("parameters/a", array(std::vector<double>{1, std::numeric_limits<double>::quiet_NaN()}));
  EXPECT_EQ(message_of<CheckpointError>([&] {
              load_weights(tree, std::vector<TensorShape>{{"a", {2}}}, "w.h5");
            }),
            "'w.h5': parameter 'a' contains a value that is not finite; take an older file");

  tree.set("parameters/a", array(std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(message_of<CheckpointError>([&] {
              load_weights(tree, std::vector<TensorShape>{{"a", {2}}}, "w.h5");
            }),
            "'w.h5': parameter 'a' holds int64 (float64 or float32 is expected)");
}

TEST(Weights, GiveTheSameHashWhateverTheOrderOfTheModel) {
  DataTree first, second;
  store_weights(first, std::vector<TensorShape>{{"b", {1}}, {"a", {2}}}, std::vector<double>{1, 2, 3});
  store_weights(second, std::vector<TensorShape>{{"a", {2}}, {"b", {1}}}, std::vector<double>{2, 3, 1});

  EXPECT_EQ(first, second);
}

}  // namespace
}  // namespace qs

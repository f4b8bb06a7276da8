// Hostile HDF5 files, read in a child process: whatever the library does there, here it is a tree or one line.
#include "engine/hdf5/hdf5_child.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <sys/wait.h>

#include <map>

#include "engine/base/error.h"
#include "engine/files/files.h"
#include "engine/hdf5/hdf5.h"
#include "engine/hdf5/tree_stream.h"
#include "engine/weights/weight_files.h"
#include "engine/weights/weights.h"
#include "tests/engine/files/mutate.h"
#include "tests/engine/files/scratch.h"
#include "tests/engine/hdf5/sample_tree.h"
#include "tests/engine/weights/sample_tensors.h"

namespace qs {
namespace {

using Bytes = std::vector<std::byte>;
using test::message_of;
using test::Scratch;

#ifdef __SANITIZE_ADDRESS__
constexpr int kThinning = 25;  // a fork takes a tenth of a second beside the sanitizer's memory
#else
constexpr int kThinning = 1;
#endif
constexpr ForeignLimits kQuick = {std::chrono::seconds(1)};

Bytes small_weights() {
  DataTree tree;
  tree.set("model", scalar(std::string("kind: rbm\n")));
  store_weights(tree, std::vector<TensorShape>{{"Dense/kernel", {2, 3}}, {"Dense/bias", {3}}}, std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 9});
  seal_weights(tree);
  return to_hdf5_image(tree);
}

Bytes small_configurations() {
  DataTree tree;
  tree.set("configurations", Dataset{{2, 4}, std::vector<std::int8_t>{1, -1, 1, -1, -1, 1, -1, 1}, {}});
  return to_hdf5_image(tree);
}

// What becomes of a file: "read", or the part of the message that does not depend on the place of the damage.
std::string outcome(const Bytes& bytes) {
  try {
    const DataTree tree = read_foreign_hdf5(bytes, "w.h5", kQuick);
    for (const auto& [path, dataset] : tree.datasets) {
      const std::size_t count = std::visit([](const auto& values) { return values.size(); }, dataset.values);
      EXPECT_EQ(static_cast<std::size_t>(element_count(dataset.shape)), count) << path;
    }
    return "read";
  } catch (const FileError& error) {
    const std::string text = error.what();
    EXPECT_EQ(text.find('\n'), text.npos) << text;
    EXPECT_LT(text.size(), 1000u) << text;
    for (const char* cause : {"crashes", "fails on it", "does not end", "more memory"}) {
      if (text.find(cause) != text.npos) return cause;
    }
    return "refused";
  }
}

std::string summary(const std::map<std::string, int>& counts) {
  std::string text;
  for (const auto& [name, count] : counts) text += name + ": " + std::to_string(count) + "  ";
  return text;
}

TEST(Hdf5Child, ReadsWhatIsReadInThisProcess) {
  const Bytes image = to_hdf5_image(test::every_type());

  EXPECT_EQ(read_foreign_hdf5(image, "w.h5"), from_hdf5_image(image, "w.h5"));
}

TEST(Hdf5Child, RepeatsTheRefusalOfTheReader) {
  EXPECT_EQ(message_of<FileError>([] { read_foreign_hdf5({}, "w.h5"); }), "cannot read 'w.h5' as HDF5: it is empty");
}

TEST(Hdf5Child, CutAnywhereIsRefused) {
  std::map<std::string, int> counts;
  const auto cut = [&](const Bytes& whole, std::size_t length) {
    ++counts[outcome(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)))];
  };
  const Bytes configurations = small_configurations(), weights = small_weights();
  for (std::size_t length = 0; length < configurations.size(); length += kThinning) cut(configurations, length);
  for (std::size_t length = 0; length < weights.size(); length += 13 * kThinning) cut(weights, length);
  cut(weights, weights.size() - 1);
  EXPECT_EQ(counts["read"], 0) << summary(counts);
}

TEST(Hdf5Child, RandomDamageIsReadOrRefused) {
  std::mt19937 engine(20251211);
  for (const Bytes& sample : {small_weights(), small_configurations(), to_hdf5_image(test::every_type())}) {
    const int total = test::trials("QSTAGE_HDF5_MUTATIONS", 700 / kThinning);
    std::map<std::string, int> counts;
    for (int trial = 0; trial < total; ++trial) {
      ++counts[outcome(trial % 4 == 0 ? test::mutated(sample, engine) : test::overwritten(sample, engine))];
    }
    std::cout << sample.size() << " bytes: " << summary(counts) << '\n';
    EXPECT_GT(counts["refused"], total / 20) << summary(counts);
    EXPECT_GT(counts["read"], total / 20) << summary(counts);  // damage of the numbers alone is none of the reader's business
  }
}

TEST(Hdf5Child, TheTimeLimitEndsIt) {
  const Bytes image = small_weights();

  EXPECT_EQ(message_of<FileError>([&] { read_foreign_hdf5(image, "w.h5", {std::chrono::milliseconds(0)}); }),
            "cannot read 'w.h5' as HDF5 (reading it does not end within 0 s); it is damaged, restore or convert it");
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);  // no child is left behind
}

// Strings of one byte become objects of thirty: the content of this file is legitimate, the memory it takes is not.
TEST(Hdf5Child, TheMemoryLimitEndsIt) {
  const Scratch scratch;
  {
    const hid_t file = H5Fcreate((scratch / "letters.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t letter = H5Tcopy(H5T_C_S1);
    const hsize_t count = hsize_t{8} << 20;
    const hid_t space = H5Screate_simple(1, &count, nullptr);
    const hid_t letters = H5Dcreate2(file, "letters", letter, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    ASSERT_GE(H5Dwrite(letters, letter, H5S_ALL, H5S_ALL, H5P_DEFAULT, std::string(count, 'x').data()), 0);
    H5Dclose(letters);
    H5Sclose(space);
    H5Tclose(letter);
    H5Fclose(file);
  }

  const std::string message = message_of<FileError>([&] { read_hdf5(scratch / "letters.h5"); });

  EXPECT_TRUE(message.find("more memory than a file of this length justifies") != message.npos ||
              message.find("fails on it") != message.npos)  // a sanitizer ends the process where others throw
      << message;
}

std::size_t open_files() {
  std::size_t count = 0;
  DIR* const folder = ::opendir("/proc/self/fd");
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count;
}

TEST(Hdf5Child, LeavesNoFileOpen) {
  const Bytes image = small_weights(), cut(image.begin(), image.begin() + 600);
  const std::size_t before = open_files();

  outcome(image);
  outcome(cut);

  EXPECT_EQ(open_files(), before);
}

TEST(Hdf5Child, WeightFilesThatFailItAreUnusableWeights) {
  const Scratch scratch;
  Bytes cut = small_weights();
  cut.resize(cut.size() / 2);
  replace_file(scratch / "w.h5", cut);

  EXPECT_THROW(read_tensors(scratch / "w.h5"), CheckpointError);
  EXPECT_THROW(read_hdf5(scratch / "w.h5"), FileError);
}

// --- the stream, in case the child itself has gone mad
// ---------------------------------------------------------------------------------------------------------------------

Bytes streamed(const DataTree& tree) {
  Bytes bytes;
  send_tree(tree, [&](std::span<const std::byte> piece) { bytes.insert(bytes.end(), piece.begin(), piece.end()); });
  return bytes;
}

DataTree received(std::span<const std::byte> bytes, std::size_t limit) {
  const auto fill = [&](std::span<std::byte> target) {
    if (target.size() > bytes.size()) throw FileError("the stream ended");
    std::copy_n(bytes.begin(), target.size(), target.begin());
    bytes = bytes.subspan(target.size());
  };
  return receive_tree(fill, limit);
}

TEST(TreeStream, CarriesEveryType) { EXPECT_EQ(received(streamed(test::every_type()), 1 << 20), test::every_type()); }

TEST(TreeStream, DamageNeverTakesMoreThanTheLimit) {
  const Bytes stream = streamed(test::every_type());
  std::mt19937 engine(20251211);
  int refused = 0;
  for (int trial = 0; trial < 10000; ++trial) {
    try {
      received(test::mutated(stream, engine), 1 << 20);
    } catch (const FileError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_NE(message_of<FileError>([&] { received(stream, 64); }).find("more memory"), std::string::npos);
}

}  // namespace
}  // namespace qs

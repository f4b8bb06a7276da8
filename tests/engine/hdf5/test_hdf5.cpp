#include "engine/hdf5/hdf5.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "engine/base/error.h"
#include "engine/files/files.h"
#include "tests/engine/files/scratch.h"
#include "tests/engine/hdf5/sample_tree.h"

namespace qs {
namespace {

using test::every_type;
using test::message_of;
using test::Scratch;

TEST(Hdf5, ReturnsEveryTypeShapeAndAttributeUnchanged) {
  const DataTree tree = every_type();

  const DataTree back = from_hdf5_image(to_hdf5_image(tree), "image");

  EXPECT_EQ(back, tree);
  for (const auto& [path, dataset] : tree.datasets) EXPECT_EQ(back.at(path), dataset) << path;
  for (const auto& [path, attributes] : tree.groups) EXPECT_EQ(back.groups.at(path), attributes) << path;
  EXPECT_TRUE(std::signbit(back.doubles("f64")[1]));
}

TEST(Hdf5, KeepsNotANumberAndInfinity) {
  DataTree tree;
  tree.set("x", array(std::vector<double>{std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity()}));

  const DataTree back = from_hdf5_image(to_hdf5_image(tree), "image");

  EXPECT_TRUE(std::isnan(back.doubles("x")[0]));
  EXPECT_EQ(back.doubles("x")[1], -std::numeric_limits<double>::infinity());
}

TEST(Hdf5, GivesTheSameBytesForTheSameTreeEveryTime) {
  const auto first = to_hdf5_image(every_type());
  // Another state of the heap and of the library's free lists must not show in unused bytes of the image.
  std::vector<std::vector<char>> noise;
  for (std::size_t size = 8; size < 200000; size = size * 3 / 2) noise.emplace_back(size, '\x5a');
  noise.clear();
  DataTree other;
  for (int i = 0; i < 50; ++i) other.set(fmt::format("g{}/x", i), array(std::vector<double>(100, 5.5)));
  to_hdf5_image(other);

  for (int i = 0; i < 5; ++i) EXPECT_TRUE(to_hdf5_image(every_type()) == first);
  EXPECT_TRUE(to_hdf5_image(from_hdf5_image(first, "image")) == first);
}

TEST(Hdf5, GivesTheSameBytesWhateverFreshMemoryContains) {
  const Scratch scratch;
  const auto run = [&](const std::string& fill) {
    return test::shell("mkdir " + scratch / fill + " && MALLOC_PERTURB_=" + fill + " " QSTAGE_CHECKPOINT_WRITER " " + scratch / fill + " 4 5000");
  };
  ASSERT_EQ(run("85"), 0);
  ASSERT_EQ(run("170"), 0);

  EXPECT_TRUE(test::slurp(scratch / "85/checkpoint.h5") == test::slurp(scratch / "170/checkpoint.h5"));
}

TEST(Hdf5, IsReadByTheToolsOfTheLibrary) {
  if (!test::has_program("h5dump --version")) GTEST_SKIP() << "h5dump is not installed";
  const Scratch scratch;
  const std::string file = scratch / "tree.h5";
  replace_file(file, to_hdf5_image(every_type()));

  ASSERT_EQ(test::shell("h5dump " + file + " > " + scratch / "dump"), 0);

  const std::string dump = test::slurp(scratch / "dump");
  for (const char* expected :
       {"H5T_IEEE_F64LE \"r\"", "H5T_IEEE_F64LE \"i\"", "H5T_CSET_UTF8", "H5T_STD_U64LE", "GROUP \"02_vmc\"", "\"a longer one\""}) {
    EXPECT_NE(dump.find(expected), std::string::npos) << expected;
  }
}

TEST(Hdf5, IsReadByH5pyWithTheExpectedTypes) {
  if (!test::has_program("python3 -c 'import h5py'")) GTEST_SKIP() << "h5py is not installed";
  const Scratch scratch;
  replace_file(scratch / "tree.h5", to_hdf5_image(every_type()));
  test::spit(scratch / "check.py", R"(import sys, h5py, numpy as np
with h5py.File(sys.argv[1]) as f:
    assert f.attrs['layout'] == 'qstage-results' or f.attrs['layout'] == b'qstage-results'
    assert list(f.attrs['layout_version']) == [1, 0]
    assert f['c128'].dtype == np.complex128 and f['c128'][0] == 1 - 2j
    assert f['f64'].shape == (2, 3) and f['f64'][0, 0] == 0.1
    assert f['u64'].dtype == np.uint64 and f['u64'][1, 0, 0] == 2**64 - 1
    assert [s.decode() for s in f['text/many'][...]] == ['short', '', 'a longer one']
    assert f['scalars/f64'].shape == () and f['scalars/f64'][()] == 2.5
    assert f['nothing'].shape == (0, 4)
    assert f['deep/er/and/deeper/value'][()] == 1.0
)");

  EXPECT_EQ(test::shell("python3 " + scratch / "check.py" + " " + scratch / "tree.h5"), 0);
}

TEST(Hdf5, RefusesWhatItCannotStore) {
  const auto storing = [](const std::string& path, Dataset dataset) {
    return message_of<FileError>([&] {
      DataTree tree;
      tree.set(path, std::move(dataset));
      to_hdf5_image(tree);
    });
  };

  EXPECT_EQ(storing("s", scalar(std::string("a\0b", 3))), "cannot store 's' in HDF5: a string contains a NUL byte (HDF5 would cut it there)");
  EXPECT_EQ(storing("s", Dataset{{2, 2}, std::vector<double>(3), {}}),
            "cannot store 's' in HDF5: shape [2, 2] does not fit 3 values (a bug of the caller)");
  EXPECT_EQ(storing("s", Dataset{{-1}, std::vector<double>(3), {}}),
            "cannot store 's' in HDF5: shape [-1] does not fit 3 values (a bug of the caller)");
  EXPECT_EQ(storing("a//b", scalar(1.0)), "cannot store 'a//b' in HDF5: not a proper path");
  EXPECT_EQ(storing("", scalar(1.0)), "cannot store '' in HDF5: not a proper path");
  EXPECT_EQ(storing("x", with(scalar(1.0), {{"long", std::string(70000, 'x')}})),
            "cannot store 'x@long' in HDF5: 70000 bytes exceed what an attribute holds (60000); store it as a dataset");
}

TEST(Hdf5, RefusesANameThatIsDatasetAndGroupAtOnce) {
  DataTree tree;
  tree.set("a", scalar(1.0));
  tree.set("a/b", scalar(2.0));

  EXPECT_NE(message_of<FileError>([&] { to_hdf5_image(tree); }).find("cannot store dataset 'a/b' (HDF5: "), std::string::npos);
}

TEST(Hdf5, PrintsNothingItselfOnDamagedImages) {
  auto image = to_hdf5_image(every_type());
  testing::internal::CaptureStderr();

  EXPECT_THROW(from_hdf5_image(std::span(image).first(image.size() / 2), "half.h5"), FileError);
  EXPECT_THROW(from_hdf5_image(std::as_bytes(std::span("this is not HDF5")), "text"), FileError);
  EXPECT_THROW(from_hdf5_image({}, "empty"), FileError);

  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(from_hdf5_image(image, "whole.h5"), every_type());  // and works on
}

TEST(Hdf5, NamesTheFileThatIsNotHdf5) {
  const Scratch scratch;
  test::spit(scratch / "notes.txt", "hello");

  const std::string message = message_of<FileError>([&] { read_hdf5(scratch / "notes.txt"); });

  EXPECT_NE(message.find("cannot read '" + scratch / "notes.txt" + "' as HDF5"), std::string::npos) << message;
}

}  // namespace
}  // namespace qs

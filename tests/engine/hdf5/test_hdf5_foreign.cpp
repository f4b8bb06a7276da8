// Files that other programs wrote: what h5py produces is read, what could make us leave the file or allocate without end is not.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <cstdlib>

#include "engine/base/error.h"
#include "engine/hdf5/hdf5.h"
#include "tests/engine/files/scratch.h"

namespace qs {
namespace {

using test::message_of;
using test::Scratch;

std::string shared_folder() {
  const char* folder = std::getenv("QSTAGE_SHARED");
  return folder == nullptr ? "../shared" : folder;
}

// A file made with the C interface directly; closed when it goes out of scope.
class ForeignFile {
 public:
  explicit ForeignFile(const std::string& path) : id_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)) {}
  ~ForeignFile() { H5Fclose(id_); }
  hid_t id() const { return id_; }

  void dataset(const char* name, hid_t type, std::vector<hsize_t> shape, const void* values, hid_t properties = H5P_DEFAULT) {
    const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
    const hid_t target = H5Dcreate2(id_, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    ASSERT_GE(target, 0);
    if (values != nullptr) {
      ASSERT_GE(H5Dwrite(target, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
    }
    H5Dclose(target);
    H5Sclose(space);
  }

 private:
  hid_t id_;
};

std::string refusal(const std::string& path) {
  return message_of<FileError>([&] { read_hdf5(path); });
}

TEST(ForeignHdf5, ReadsTheNetketReferenceFiles) {
  const std::string path = shared_folder() + "/reference/netket/rbm_real_4x4.h5";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "reference data absent: " << path;

  const DataTree tree = read_hdf5(path);

  EXPECT_EQ(std::get<std::string>(tree.groups.at("").at("model")), "rbm");
  EXPECT_EQ(std::get<std::int64_t>(tree.groups.at("").at("n_parameters")), 560);
  EXPECT_EQ(std::get<double>(tree.groups.at("").at("diag_shift")), 1e-4);
  EXPECT_EQ(std::get<std::vector<double>>(tree.groups.at("").at("J")).size(), 1u);
  EXPECT_EQ(tree.at("configurations").shape, (std::vector<std::int64_t>{64, 16}));
  for (const std::int8_t spin : std::get<std::vector<std::int8_t>>(tree.at("configurations").values)) EXPECT_EQ(std::abs(spin), 1);
  EXPECT_EQ(tree.at("edges").shape.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<std::vector<std::int32_t>>(tree.at("edges").values));
  std::int64_t parameters = 0;
  for (const auto& [name, dataset] : tree.datasets) parameters += name.rfind("parameters/", 0) == 0 ? element_count(dataset.shape) : 0;
  EXPECT_EQ(parameters, 560);
}

TEST(ForeignHdf5, ReadsEveryReferenceFile) {
  const std::string root = shared_folder() + "/reference";
  if (!std::filesystem::exists(root)) GTEST_SKIP() << "reference data absent: " << root;
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".h5") continue;
    EXPECT_FALSE(read_hdf5(entry.path().string()).datasets.empty()) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 9);
}

TEST(ForeignHdf5, WidensOtherNumbersAndReadsChunks) {
  const Scratch scratch;
  const std::string path = scratch / "numbers.h5";
  {
    ForeignFile file(path);
    const std::vector<std::uint8_t> bytes = {0, 255};
    const std::vector<std::int16_t> shorts = {-300, 300};
    const std::vector<std::uint32_t> words = {0, 4294967295u};
    const std::vector<double> reals = {1, 2, 3, 4, 5, 6, 7};
    file.dataset("u8", H5T_NATIVE_UINT8, {2}, bytes.data());
    file.dataset("i16", H5T_NATIVE_INT16, {2}, shorts.data());
    file.dataset("u32", H5T_NATIVE_UINT32, {2}, words.data());
    const hid_t chunked = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunk = 3;
    H5Pset_chunk(chunked, 1, &chunk);
    file.dataset("chunked", H5T_NATIVE_DOUBLE, {7}, reals.data(), chunked);
    H5Pclose(chunked);
  }

  const DataTree tree = read_hdf5(path);

  EXPECT_EQ(std::get<std::vector<std::uint16_t>>(tree.at("u8").values), (std::vector<std::uint16_t>{0, 255}));
  EXPECT_EQ(std::get<std::vector<std::int32_t>>(tree.at("i16").values), (std::vector<std::int32_t>{-300, 300}));
  EXPECT_EQ(tree.integers("u32"), (std::vector<std::int64_t>{0, 4294967295}));
  EXPECT_EQ(tree.doubles("chunked"), (std::vector<double>{1, 2, 3, 4, 5, 6, 7}));
}

TEST(ForeignHdf5, RefusesFilters) {
  const Scratch scratch;
  {
    ForeignFile file(scratch / "x.h5");
    const hid_t filtered = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunk = 64;
    H5Pset_chunk(filtered, 1, &chunk);
    H5Pset_shuffle(filtered);
    const std::vector<double> values(64, 1.0);
    file.dataset("packed", H5T_NATIVE_DOUBLE, {64}, values.data(), filtered);
    H5Pclose(filtered);
  }

  EXPECT_EQ(refusal(scratch / "x.h5"),
            fmt::format("'{}', object 'packed': compressed or filtered data is not read; store it plain", scratch / "x.h5"));
}

TEST(ForeignHdf5, FollowsNoPathStoredInAFile) {
  const Scratch scratch;
  test::spit(scratch / "secret", std::string(80, 's'));
  {
    ForeignFile file(scratch / "soft.h5");
    H5Lcreate_soft("/elsewhere", file.id(), "link", H5P_DEFAULT, H5P_DEFAULT);
  }
  {
    ForeignFile file(scratch / "external_link.h5");
    H5Lcreate_external("other.h5", "/x", file.id(), "link", H5P_DEFAULT, H5P_DEFAULT);
  }
  {
    ForeignFile file(scratch / "external_data.h5");
    const hid_t outside = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(outside, (scratch / "secret").c_str(), 0, 80);
    file.dataset("x", H5T_NATIVE_DOUBLE, {10}, nullptr, outside);
    H5Pclose(outside);
  }

  EXPECT_NE(refusal(scratch / "soft.h5").find("soft and external links are not followed"), std::string::npos);
  EXPECT_NE(refusal(scratch / "external_link.h5").find("soft and external links are not followed"), std::string::npos);
  EXPECT_NE(refusal(scratch / "external_data.h5").find("data kept in other files is not read"), std::string::npos);
}

TEST(ForeignHdf5, RefusesDataThatTheFileDoesNotContain) {
  const Scratch scratch;
  {
    ForeignFile file(scratch / "huge.h5");
    file.dataset("never_written", H5T_NATIVE_DOUBLE, {1u << 20, 1u << 20}, nullptr);
  }

  EXPECT_NE(refusal(scratch / "huge.h5").find("claims more data than the file has"), std::string::npos);
}

TEST(ForeignHdf5, RefusesCyclesAndDeepNesting) {
  const Scratch scratch;
  {
    ForeignFile file(scratch / "cycle.h5");
    const hid_t group = H5Gcreate2(file.id(), "a", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_hard(file.id(), "a", group, "again", H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(group);
  }
  {
    ForeignFile file(scratch / "deep.h5");
    std::string path;
    for (int level = 0; level < 40; ++level) {
      path += "/g";
      H5Gclose(H5Gcreate2(file.id(), path.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    }
  }

  EXPECT_NE(refusal(scratch / "cycle.h5").find("linked twice"), std::string::npos);
  EXPECT_NE(refusal(scratch / "deep.h5").find("nested deeper than 32"), std::string::npos);
}

TEST(ForeignHdf5, RefusesOtherTypesByName) {
  const Scratch scratch;
  {
    ForeignFile file(scratch / "types.h5");
    const std::vector<int> values = {1, 2};
    file.dataset("stamp", H5T_STD_B32LE, {2}, values.data());
  }

  EXPECT_NE(refusal(scratch / "types.h5").find("object 'stamp': only floats, integers, strings and complex numbers"), std::string::npos);
}

}  // namespace
}  // namespace qs

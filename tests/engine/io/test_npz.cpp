// numpy archives: what numpy writes is read, what is no plain array or would take more than the file justifies is not. Damage is in
// test_weight_files.cpp.
#include "engine/io/npz.h"

#include <gtest/gtest.h>

#include "deflated_npz.h"
#include "engine/base/error.h"
#include "sample_tensors.h"
#include "scratch.h"

namespace qs {
namespace {

using test::archive_of;
using test::bytes_of;
using test::message_of;

std::string npy(const std::string& dictionary, const std::string& data = "", char version = 1) {
  std::string text = std::string("\x93NUMPY") + version + '\0';
  text += static_cast<char>(dictionary.size());
  text += std::string(version == 1 ? 1 : 3, '\0');
  return text + dictionary + data;
}

TensorFile read(const std::string& archive) { return from_npz(bytes_of(archive), "w.npz"); }

std::string refusal(const std::string& content) {
  return message_of<CheckpointError>([&] { read(archive_of({{"a.npy", content}})); });
}

TEST(Npz, KeepsNamesOrderShapesTypesAndBytes) {
  const TensorFile sample = test::sample_tensors();

  EXPECT_EQ(from_npz(to_npz(sample, "w"), "w"), sample);
  EXPECT_EQ(from_npz(test::deflated_npz(sample), "w"), sample);
}

TEST(Npz, HeadersAreThoseOfNumpy) {
  const std::string header = npy_header(TensorType::float32, std::vector<std::int64_t>{3, 5});

  EXPECT_EQ(header.size() % 64, 0u);
  EXPECT_EQ(header.substr(10, 59), "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 5), }");
  EXPECT_EQ(npy_header(TensorType::int8, std::vector<std::int64_t>{7}).substr(10, 57), "{'descr': '|i1', 'fortran_order': False, 'shape': (7,), }");
  EXPECT_EQ(npy_header(TensorType::complex128, {}).substr(10, 56), "{'descr': '<c16', 'fortran_order': False, 'shape': (), }");
}

TEST(Npz, ReadsEveryVersionAndSpelling) {
  for (const char version : {'\1', '\2', '\3'}) {
    const TensorFile file =
        read(archive_of({{"a.npy", npy(R"({"shape":(2,),"fortran_order":False,"descr":"=i2"})", std::string("\1\0\2\0", 4), version)}}));
    ASSERT_EQ(file.tensors.size(), 1u);
    EXPECT_EQ(file.tensors[0].type, TensorType::int16);
    EXPECT_EQ(file.tensors[0].shape, std::vector<std::int64_t>{2});
  }
}

TEST(Npz, ColumnMajorArraysAreTransposed) {
  // a[i][j][k] = 100 i + 10 j + k of shape [2, 3, 2], the first index running fastest.
  std::string columns, rows;
  for (int k = 0; k < 2; ++k)
    for (int j = 0; j < 3; ++j)
      for (int i = 0; i < 2; ++i) columns += static_cast<char>(100 * i + 10 * j + k);
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 2; ++k) rows += static_cast<char>(100 * i + 10 * j + k);

  const TensorFile file = read(archive_of({{"a.npy", npy("{'descr': '|i1', 'fortran_order': True, 'shape': (2, 3, 2), }", columns)}}));

  EXPECT_EQ(file.tensors.at(0).bytes, bytes_of(rows));
}

TEST(Npz, WhatIsNoPlainArrayIsRefusedByName) {
  EXPECT_EQ(refusal(npy("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }")),
            "'w.npz': the entry 'a.npy' holds numbers of type '|O' (little-endian floats, complex numbers and integers are read); it is no intact "
            ".npz file");
  EXPECT_NE(refusal(npy("{'descr': '>f4', 'fortran_order': False, 'shape': (), }", "1234")).find("of type '>f4'"), std::string::npos);
  EXPECT_NE(refusal(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (), }", "1234")).find("no intact .npy header"),
            std::string::npos);
  EXPECT_NE(refusal(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "1234")).find("does not fit its shape [3]"), std::string::npos);
  EXPECT_NE(refusal(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }")).find("does not fit its shape"),
            std::string::npos);
  EXPECT_NE(refusal(npy("{'descr': '<f4', 'shape': (1,), }", "1234")).find("no intact .npy header"), std::string::npos);
  EXPECT_NE(refusal("text").find("is no numpy array"), std::string::npos);
  EXPECT_NE(message_of<CheckpointError>([] { read(archive_of({{"notes.txt", "text"}})); }).find("'notes.txt' is no array (.npy)"), std::string::npos);
  EXPECT_NE(message_of<CheckpointError>([] { read("PK\3\4"); }).find("it has no ZIP directory"), std::string::npos);
}

TEST(Npz, EntriesThatContradictThemselvesAreRefused) {
  const std::string content = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "1234");
  const auto about = [](test::PackedEntry entry) { return message_of<CheckpointError>([&] { read(archive_of({entry})); }); };

  EXPECT_NE(about({"a.npy", content, 12}).find("is packed by method 12"), std::string::npos);
  EXPECT_NE(about({"a.npy", content, 0}).find("has two different sizes"), std::string::npos);
  EXPECT_NE(about({"a.npy", content, 8, test::deflated(content).substr(3)}).find("cannot be unpacked"), std::string::npos);
  EXPECT_NE(about({"a.npy", content, 8, test::deflated(content), 7}).find("cannot be unpacked"), std::string::npos);
  std::string other = content;
  other.back() = '5';
  EXPECT_NE(about({"a.npy", content, 0, other}).find("does not fit its checksum"), std::string::npos);
  EXPECT_NE(about({"../a.npy", content}).find("has an empty or dot component"), std::string::npos);
}

// Hundreds of times smaller than its content: 36 MB of zeros.
TEST(Npz, BombsAreRefusedBeforeTheyAreUnpacked) {
  const std::string zeros = npy("{'descr': '|i1', 'fortran_order': False, 'shape': (37748736,), }", std::string(37748736, '\0'));
  const std::string archive = archive_of({{"a.npy", zeros}});
  ASSERT_LT(archive.size(), 400000u);

  EXPECT_NE(message_of<CheckpointError>([&] { read(archive); }).find("more memory than a file of this length justifies"), std::string::npos);
}

}  // namespace
}  // namespace qs

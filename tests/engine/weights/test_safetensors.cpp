#include "engine/weights/safetensors.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/engine/files/scratch.h"
#include "tests/engine/weights/sample_tensors.h"

namespace qs {
namespace {

using test::bytes_of;
using test::message_of;
using test::sample_tensors;

std::vector<std::byte> safetensors(const std::string& header, std::size_t data_bytes) {
  std::string text(8, '\0');
  const std::uint64_t length = header.size();
  std::memcpy(text.data(), &length, 8);
  return bytes_of(text + header + std::string(data_bytes, 'x'));
}

std::string refusal(const std::string& header, std::size_t data_bytes) {
  return message_of<CheckpointError>([&] { from_safetensors(safetensors(header, data_bytes), "w"); });
}

TEST(Safetensors, ReturnsEveryTypeByteForByteInTheSameOrder) {
  TensorFile file = sample_tensors();
  file.metadata["model"] = "kind: rbm\nalpha: 2\n";

  EXPECT_EQ(from_safetensors(to_safetensors(file, "w"), "w"), file);
}

TEST(Safetensors, StoresTheTwoPartsOfComplexTensors) {
  TensorFile file;
  file.tensors.push_back(test::random_tensor("a", TensorType::complex128, {2}, 1));
  const std::vector<std::byte> bytes = to_safetensors(file, "w");
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());

  EXPECT_NE(text.find(R"("a.re":{"data_offsets":[0,16],"dtype":"F64","shape":[2]})"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("a.im":{"data_offsets":[16,32])"), std::string::npos) << text;
  EXPECT_EQ(text.substr(text.size() - 32, 8), std::string(reinterpret_cast<const char*>(file.tensors[0].bytes.data()), 8));
  EXPECT_EQ(text.substr(text.size() - 16, 8), std::string(reinterpret_cast<const char*>(file.tensors[0].bytes.data()) + 8, 8));
}

TEST(Safetensors, RealTensorsThatWouldComeBackComplexAreNotWritten) {
  TensorFile file;
  for (const char* name : {"a.re", "a.im"}) file.tensors.push_back(test::random_tensor(name, TensorType::float32, {2}, 1));

  EXPECT_EQ(message_of<CheckpointError>([&] { to_safetensors(file, "w"); }),
            "'w': the real tensors 'a.re' and 'a.im' would be read back as a complex one; rename them");
}

TEST(Safetensors, RefusalsNameTheTensorAndTheReason) {
  const std::string good = R"({"a":{"dtype":"I8","shape":[4],"data_offsets":[0,4]}})";
  EXPECT_EQ(from_safetensors(safetensors(good, 4), "w").tensors.size(), 1u);

  EXPECT_EQ(refusal(good, 3), "'w': tensor 'a' claims bytes 0 to 4 of 3; it is no intact safetensors file");
  EXPECT_NE(refusal(good, 5).find("1 bytes of data belong to no tensor"), std::string::npos);
  EXPECT_NE(refusal(R"({"a":{"dtype":"I8","shape":[5],"data_offsets":[0,4]}})", 4).find("4 bytes do not fill shape [5] of int8"), std::string::npos);
  EXPECT_NE(refusal(R"({"a":{"dtype":"Q4","shape":[4],"data_offsets":[0,4]}})", 4).find("dtype 'Q4', which is not supported"), std::string::npos);
  EXPECT_NE(refusal(R"({"a":{"dtype":"I8","shape":[-4],"data_offsets":[0,4]}})", 4).find("a size that is none"), std::string::npos);
  EXPECT_NE(refusal(R"({"a":{"dtype":"I8","shape":[4]}})", 4).find("is not described by"), std::string::npos);
  EXPECT_NE(refusal(R"({"a":{"dtype":"I8","shape":[4],"data_offsets":[4,0]}})", 4).find("claims bytes 4 to 0"), std::string::npos);
  EXPECT_NE(refusal(R"({"__metadata__":{"a":1}})", 0).find("the metadata 'a' is not a text"), std::string::npos);
  EXPECT_NE(refusal(R"([1])", 0).find("not a JSON object"), std::string::npos);
  EXPECT_NE(refusal(R"({"a":)", 0).find("the header is not JSON"), std::string::npos);
}

TEST(Safetensors, GapsAndOverlapsAreRefused) {
  const auto two = [](const std::string& first, const std::string& second) {
    return R"({"a":{"dtype":"I8","shape":[4],"data_offsets":)" + first + R"(},"b":{"dtype":"I8","shape":[4],"data_offsets":)" + second + "}}";
  };

  EXPECT_NE(refusal(two("[0,4]", "[2,6]"), 6).find("tensor 'b' begins at byte 2 of the data where 4 is expected"), std::string::npos);
  EXPECT_NE(refusal(two("[0,4]", "[5,9]"), 9).find("a gap or an overlap"), std::string::npos);
  EXPECT_NE(refusal(two("[0,4]", "[0,4]"), 4).find("a gap or an overlap"), std::string::npos);
}

TEST(Safetensors, NamesOccurOnce) {
  const std::string entry = R"("a":{"dtype":"I8","shape":[0],"data_offsets":[0,0]})";

  EXPECT_NE(refusal("{" + entry + "," + entry + "}", 0).find("the header names 'a' twice"), std::string::npos);
  EXPECT_NE(refusal(R"({"a":{"dtype":"I8","dtype":"I8","shape":[0],"data_offsets":[0,0]}})", 0).find("names 'dtype' twice"), std::string::npos);
}

TEST(Safetensors, HostileSizesAreRefusedBeforeAnythingIsAllocated) {
  std::string length_only(8, '\xff');
  EXPECT_THROW(from_safetensors(bytes_of(length_only), "w"), CheckpointError);
  length_only = std::string("\x00\x00\x00\x01\x00\x00\x00\x00", 8) + "{}";  // 16 MB announced
  EXPECT_THROW(from_safetensors(bytes_of(length_only), "w"), CheckpointError);
  EXPECT_NE(refusal(R"({"a":{"dtype":"F64","shape":[1152921504606846976],"data_offsets":[0,8]}})", 8).find("do not fill"), std::string::npos);
  EXPECT_NE(refusal(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0).find("do not fill"), std::string::npos);
  EXPECT_NE(refusal(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[18446744073709551612,0]}})", 4).find("a size that is none"),
            std::string::npos);
  EXPECT_NE(refusal(std::string(10000, '['), 0).find("nested deeper than 8"), std::string::npos);
  std::string deep;
  for (int depth = 0; depth < 10000; ++depth) deep += R"({"a":)";
  EXPECT_NE(refusal(deep, 0).find("nested deeper than 8"), std::string::npos);
}

}  // namespace
}  // namespace qs

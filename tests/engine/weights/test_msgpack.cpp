#include "engine/weights/msgpack.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/engine/files/scratch.h"
#include "tests/engine/weights/sample_tensors.h"

namespace qs {
namespace {

using namespace std::string_literals;
using test::bytes_of;
using test::message_of;
using test::sample_tensors;

std::string refusal(const std::string& text) {
  return message_of<CheckpointError>([&] { from_msgpack(bytes_of(text), "w"); });
}

// {"a": extension `type` with `payload`}
std::string leaf(char type, const std::string& payload) { return "\x81\xa1"s + "a" + "\xc7"s + static_cast<char>(payload.size()) + type + payload; }
std::string triple(const std::string& shape, const std::string& dtype, const std::string& data) {
  return "\x93"s + shape + static_cast<char>(0xa0 + dtype.size()) + dtype + "\xc4"s + static_cast<char>(data.size()) + data;
}

TEST(Msgpack, WritesTheBytesOfFlax) {
  TensorFile file;
  file.tensors.push_back({"a", TensorType::float32, {2}, bytes_of("\0\0\x80\x3f\0\0\0\xc0"s)});

  EXPECT_EQ(to_msgpack(file, "w"), bytes_of(leaf('\1', triple("\x91\x02", "float32", "\0\0\x80\x3f\0\0\0\xc0"s))));
}

TEST(Msgpack, ReturnsEveryTypeByteForByteInTheSameOrder) { EXPECT_EQ(from_msgpack(to_msgpack(sample_tensors(), "w"), "w"), sample_tensors()); }

TEST(Msgpack, JoinsChunksOfAnySize) {
  for (const std::size_t chunk : {1, 7, 64, 1000}) {
    const std::vector<std::byte> bytes = to_msgpack(sample_tensors(), "w", chunk);
    EXPECT_EQ(from_msgpack(bytes, "w"), sample_tensors()) << chunk;
  }
  EXPECT_NE(to_msgpack(sample_tensors(), "w", 64), to_msgpack(sample_tensors(), "w"));
}

TEST(Msgpack, GroupsTensorsThatDoNotFollowEachOther) {
  TensorFile file;
  for (const char* name : {"x/a", "y", "x/b"}) file.tensors.push_back(test::random_tensor(name, TensorType::int8, {1}, 1));

  const TensorFile again = from_msgpack(to_msgpack(file, "w"), "w");

  ASSERT_EQ(again.tensors.size(), 3u);
  EXPECT_EQ(again.tensors[1].name, "x/b");
}

TEST(Msgpack, ReadsScalarsOfPythonAndNumpy) {
  const TensorFile pair = from_msgpack(bytes_of(leaf('\2', "\x92\xcb\x3f\xf0\0\0\0\0\0\0\xcb\xc0\0\0\0\0\0\0\0"s)), "w");
  const TensorFile numpy = from_msgpack(bytes_of(leaf('\3', triple("\x90", "int8", "\x05"))), "w");

  EXPECT_EQ(pair.tensors.at(0).type, TensorType::complex128);
  EXPECT_EQ(widened(pair.tensors[0]), (std::vector<double>{1.0, -2.0}));
  EXPECT_EQ(widened(numpy.tensors.at(0)), std::vector<double>{5.0});
}

TEST(Msgpack, EmptyMapsHoldNothing) { EXPECT_TRUE(from_msgpack(bytes_of("\x81\xa1"s + "a\x80"), "w").tensors.empty()); }

// What flax.serialization.to_bytes makes of an MCState of NetKet: variables beside counters, nil, and a sampler's state with arrays of its own.
std::string text_of(const std::string& key) { return static_cast<char>(0xa0 + key.size()) + key; }
std::string state_of(const std::string& variables, const std::string& other) {
  return "\x84"s + text_of("chunk_size") + "\xc0" + text_of("sampler_state") + other + text_of("variables") + variables + text_of("n") +
         "\xcd\x03\xf0";
}

TEST(Msgpack, OfAWholeStateOnlyTheVariablesAreRead) {
  const std::string weights = leaf('\1', triple("\x91\x02", "int8", "xy")), params = "\x81"s + text_of("params") + weights;
  for (const std::string& other :
       {leaf('\1', triple("\x91\x03", "int8", "abc")), "\x93\xc2\xca\0\0\0\0\xd1\xff\xff"s, "\x82\xa1k\xd4\x07z\xa1m\xff"s}) {
    const TensorFile read = from_msgpack(bytes_of(state_of(params, other)), "w");

    EXPECT_EQ(read, from_msgpack(bytes_of(params), "w"));
    ASSERT_EQ(read.tensors.size(), 1u);
    EXPECT_EQ(read.tensors[0].name, "params/a");
  }
  EXPECT_EQ(message_of<CheckpointError>([&] { from_msgpack(bytes_of(state_of(params, "\xc0") + "x"), "w"); }).substr(0, 13), "'w', byte 69:");
  EXPECT_NE(refusal(state_of(params, "\xc1")).find("tag 0xc1 begins no value"), std::string::npos);
  // Without params it is a tree like any other, whose plain numbers are no tensors.
  EXPECT_NE(refusal(state_of(weights, "\xc0")).find("tag 0xc0 where an array is expected"), std::string::npos);
}

TEST(Msgpack, RefusalsNameThePlaceAndTheReason) {
  EXPECT_EQ(refusal("\x80x"), "'w', byte 1: 1 bytes follow after the end of the tree; it is no intact flax weight file");
  EXPECT_NE(refusal("\x81\xa1"
                    "a\x07")
                .find("tag 0x07 where an array is expected"),
            std::string::npos);
  EXPECT_NE(refusal("\x82\xa1"
                    "a\x80\xa1"
                    "a\x80")
                .find("the key 'a' occurs twice"),
            std::string::npos);
  EXPECT_NE(refusal(leaf('\1', triple("\x91\x02", "float32", "abcd"))).find("4 bytes do not fill shape [2] of float32"), std::string::npos);
  EXPECT_NE(refusal(leaf('\1', triple("\x91\x04", "object", "abcd"))).find("dtype 'object' is not supported"), std::string::npos);
  EXPECT_NE(refusal(leaf('\1', triple("\x91\x01", "int8", "a") + "x")).find("1 bytes follow after the end of an array"), std::string::npos);
  EXPECT_NE(refusal(leaf('\1', "\x92\x90\x90")).find("not a triple"), std::string::npos);
  EXPECT_NE(refusal(leaf('\3', triple("\x91\x01", "int8", "a"))).find("a numpy scalar that has axes"), std::string::npos);
  EXPECT_NE(refusal(leaf('\x09', "")).find("extension type 9"), std::string::npos);
  EXPECT_NE(refusal("\x81\xa3"
                    "a/b\x80")
                .find("cannot be a component"),
            std::string::npos);
}

TEST(Msgpack, HostileLengthsAreRefusedBeforeAnythingIsAllocated) {
  const std::string huge_axis = "\x91\xcf\x10\0\0\0\0\0\0\0"s;  // 2^60
  EXPECT_NE(refusal(leaf('\1', triple(huge_axis, "float64", ""))).find("do not fill shape [1152921504606846976]"), std::string::npos);
  const std::string overflow = "\x92\xcf\x20\0\0\0\0\0\0\0\xcf\x20\0\0\0\0\0\0\0"s;  // the product is 0 in 64 bits
  EXPECT_NE(refusal(leaf('\1', triple(overflow, "float32", ""))).find("do not fill shape"), std::string::npos);
  EXPECT_NE(refusal("\x81\xa1"
                    "a\xc9\xff\xff\xff\xff\x01")
                .find("4294967295 bytes are announced where 0 are left"),
            std::string::npos);
  EXPECT_NE(refusal("\x81\xdb\xff\xff\xff\xff").find("are announced"), std::string::npos);
  EXPECT_NE(refusal("\xdf\xff\xff\xff\xff"s).find("where 0 are left"), std::string::npos);
  std::string nested;
  for (int depth = 0; depth < 10000; ++depth)
    nested +=
        "\x81\xa1"
        "a";
  EXPECT_NE(refusal(nested + "\x80").find("nested deeper than 32"), std::string::npos);
  std::string arrays(10000, '\x91');
  EXPECT_NE(refusal("\x81\xa1"
                    "a" +
                    arrays)
                .find("nested deeper than 32"),
            std::string::npos);
}

TEST(Msgpack, ChunksMustFillTheirArrayExactly) {
  TensorFile file;
  file.tensors.push_back(test::random_tensor("a", TensorType::int8, {6}, 1));
  const std::vector<std::byte> good = to_msgpack(file, "w", 4);
  std::string text(reinterpret_cast<const char*>(good.data()), good.size());
  const std::size_t extent = text.find(
      "\xa1"
      "0\x06");
  ASSERT_NE(extent, std::string::npos);

  text[extent + 2] = 7;
  EXPECT_NE(refusal(text).find("do not fill the shape of their array"), std::string::npos);
  text[extent + 2] = 5;
  EXPECT_NE(refusal(text).find("chunks hold more than the shape"), std::string::npos);
  text.replace(extent + 2, 1, "\xcf\x10\0\0\0\0\0\0\0"s);
  EXPECT_NE(refusal(text).find("claims more than the file has"), std::string::npos);
}

TEST(Msgpack, NamesThatAreNoTreeAreNotWritten) {
  const auto refuse = [](std::vector<std::string> names) {
    TensorFile file;
    for (std::string& name : names) file.tensors.push_back(test::random_tensor(std::move(name), TensorType::int8, {}, 1));
    return message_of<CheckpointError>([&] { to_msgpack(file, "w"); });
  };

  EXPECT_EQ(refuse({"a", "a/b"}), "'w': 'a' is a tensor and a group at once; rename one");
  EXPECT_EQ(refuse({"a", "a"}), "'w': two tensors are named 'a'; keep one");
  EXPECT_EQ(refuse({"a//b"}), "'w': the tensor name 'a//b' has an empty or dot component; rename it");
  EXPECT_EQ(refuse({"a\n"}), "'w': the tensor name 'a\\x0a' contains a control character; rename it");
  EXPECT_EQ(refuse({"\xc0\xaf"}), "'w': the tensor name '\\xc0\\xaf' is not UTF-8; rename it");
  EXPECT_NE(refuse({std::string(1025, 'a')}).find("is longer than 1024 bytes"), std::string::npos);
  EXPECT_NE(refuse({"__msgpack_chunked_array__"}).find("means something else to flax"), std::string::npos);
}

}  // namespace
}  // namespace qs

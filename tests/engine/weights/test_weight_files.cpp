// Conversions between the formats, and files that were damaged on the way.
#include "engine/weights/weight_files.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>

#include "engine/base/error.h"
#include "engine/checkpoint/checkpoint_file.h"
#include "engine/files/files.h"
#include "engine/hdf5/hdf5.h"
#include "engine/weights/msgpack.h"
#include "engine/weights/safetensors.h"
#include "engine/weights/tensor_tree.h"
#include "engine/weights/weights.h"
#include "tests/engine/files/mutate.h"
#include "tests/engine/files/scratch.h"
#include "tests/engine/weights/sample_tensors.h"

namespace qs {
namespace {

using test::bytes_of;
using test::message_of;
using test::sample_tensors;
using test::Scratch;

std::filesystem::path reference_folder() {
  const char* folder = std::getenv("QSTAGE_SHARED");
  return std::filesystem::path(folder == nullptr ? "../shared" : folder) / "reference";
}

std::vector<std::filesystem::path> reference_files(const std::string& extension) {
  std::vector<std::filesystem::path> found;
  if (!std::filesystem::exists(reference_folder())) return found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(reference_folder())) {
    if (entry.path().extension() == extension) found.push_back(entry.path());
  }
  return found;
}

// Through both other formats back to the first; returns the bytes of the last file.
std::string around(const std::string& start, const Scratch& scratch) {
  const auto convert = [](const std::string& in, const std::string& out) { write_tensors(out, read_tensors(in), *weight_format_named(out)); };
  convert(start, scratch / "a.h5");
  convert(scratch / "a.h5", scratch / "b.safetensors");
  convert(scratch / "b.safetensors", scratch / "c.msgpack");
  return test::slurp(scratch / "c.msgpack");
}

TEST(WeightFiles, EveryTypeSurvivesAllFormatsByteForByte) {
  const Scratch scratch;
  write_tensors(scratch / "start.msgpack", sample_tensors(), WeightFormat::msgpack);

  EXPECT_EQ(around(scratch / "start.msgpack", scratch), test::slurp(scratch / "start.msgpack"));
  EXPECT_EQ(read_tensors(scratch / "a.h5"), sample_tensors());
  EXPECT_EQ(read_tensors(scratch / "b.safetensors"), sample_tensors());
}

TEST(WeightFiles, ReferenceFilesSurviveAllFormatsByteForByte) {
  const auto files = reference_files(".msgpack");
  if (files.empty()) GTEST_SKIP() << "reference data absent: " << reference_folder();
  for (const auto& file : files) {
    const Scratch scratch;
    EXPECT_TRUE(around(file.string(), scratch) == test::slurp(file.string())) << file << " differs after msgpack, HDF5, safetensors, msgpack";
  }
  EXPECT_GE(files.size(), 9u);
}

TEST(WeightFiles, ReferenceSafetensorsHoldWhatTheirMsgpackHolds) {
  const auto files = reference_files(".safetensors");
  if (files.empty()) GTEST_SKIP() << "reference data absent: " << reference_folder();
  for (const auto& file : files) {
    std::filesystem::path packed = file;
    const TensorFile one = read_tensors(file.string()), other = read_tensors(packed.replace_extension(".msgpack").string());
    ASSERT_EQ(one.tensors.size(), other.tensors.size());
    for (const NamedTensor& tensor : other.tensors) {
      NamedTensor bare = tensor;
      bare.name = tensor.name.substr(7);  // after "params/"
      EXPECT_EQ(std::count(one.tensors.begin(), one.tensors.end(), bare), 1) << bare.name;
    }
  }
}

// The published HDF5 files hold the same parameters as separate real and imaginary parts.
TEST(WeightFiles, NetworksGetTheSameNumbersFromEveryFormat) {
  const auto files = reference_files(".msgpack");
  if (files.empty()) GTEST_SKIP() << "reference data absent: " << reference_folder();
  int compared = 0;
  for (const auto& file : files) {
    std::filesystem::path stored = file;
    stored.replace_extension(".h5");
    if (!std::filesystem::exists(stored)) continue;
    const DataTree expected = read_weights_file(stored.string()), tree = read_weights_file(file.string());
    const std::vector<TensorShape> shapes = stored_shapes(expected);
    EXPECT_EQ(load_weights(tree, shapes, "msgpack"), load_weights(expected, shapes, "HDF5")) << file;
    ++compared;
  }
  EXPECT_EQ(compared, 6);
}

// flax.serialization.to_bytes of an MCState, made by NetKet: an RBM of 8 sites and 16 hidden units.
TEST(WeightFiles, AStateOfNetKetGivesItsVariables) {
  const std::filesystem::path state = reference_folder().parent_path() / "cases" / "physics" / "35_state.mpack";
  if (!std::filesystem::exists(state)) GTEST_SKIP() << "reference data absent: " << state;
  const DataTree tree = read_weights_file(state.string());

  EXPECT_EQ(stored_shapes(tree), (std::vector<TensorShape>{{"Dense/bias_im", {16}},
                                                           {"Dense/bias_re", {16}},
                                                           {"Dense/kernel_im", {8, 16}},
                                                           {"Dense/kernel_re", {8, 16}},
                                                           {"visible_bias_im", {8}},
                                                           {"visible_bias_re", {8}}}));
  EXPECT_EQ(tree.doubles("parameters/Dense/bias_re")[0], 0.016843270600485953);  // as Python's struct reads the bytes
  EXPECT_EQ(tree.doubles("parameters/Dense/bias_im")[0], 0.022677182922569164);
}

TEST(WeightFiles, MetadataTravelsBetweenHdf5AndSafetensors) {
  const Scratch scratch;
  write_weights_file(scratch / "w.h5", std::vector<TensorShape>{{"a", {2}}}, std::vector<double>{1, 2}, "kind: rbm\n");
  write_tensors(scratch / "w.safetensors", read_tensors(scratch / "w.h5"), WeightFormat::safetensors);
  write_tensors(scratch / "again.h5", read_tensors(scratch / "w.safetensors"), WeightFormat::hdf5);

  EXPECT_NE(test::slurp(scratch / "w.safetensors").find(R"("layout_version":"1.0")"), std::string::npos);
  EXPECT_EQ(read_weights_file(scratch / "w.safetensors").text("model"), "kind: rbm\n");
  const DataTree again = read_weights_file(scratch / "again.h5");
  EXPECT_EQ(again.text("model"), "kind: rbm\n");
  EXPECT_EQ(load_weights(again, std::vector<TensorShape>{{"a", {2}}}, "w"), (std::vector<double>{1, 2}));
}

TEST(WeightFiles, ALaterLayoutIsRefused) {
  const Scratch scratch;
  TensorFile file = sample_tensors();
  file.metadata = {{"layout", "qstage-weights"}, {"layout_version", "2.0"}};
  replace_file(scratch / "w.safetensors", to_safetensors(file, "w"));

  EXPECT_NE(message_of<CheckpointError>([&] { read_tensors(scratch / "w.safetensors"); }).find("has layout version '2.0' (this program reads 1.0)"),
            std::string::npos);
}

TEST(WeightFiles, NetworksGetWidenedRealTensorsWithoutTheFlaxGroup) {
  const Scratch scratch;
  TensorFile file;
  file.tensors.push_back({"params/half", TensorType::float16, {4}, bytes_of({"\x00\x3c\x01\x00\x00\x84\xff\x7b", 8})});
  file.tensors.push_back({"params/brain", TensorType::bfloat16, {2}, bytes_of({"\x80\x3f\x20\xc0", 4})});
  file.tensors.push_back({"params/z", TensorType::complex64, {1}, bytes_of({"\x00\x00\x80\x3f\x00\x00\x00\xc0", 8})});
  for (const char* name : {"w.msgpack", "w.safetensors", "w.h5"}) {
    write_tensors(scratch / name, file, *weight_format_named(name));
    const DataTree tree = read_weights_file(scratch / name);
    const auto values = [&](const std::string& path, std::int64_t count) {
      return load_weights(DataTree{{{"parameters/" + path, tree.at("parameters/" + path)}}, {}}, std::vector<TensorShape>{{path, {count}}}, name);
    };

    // One, the smallest subnormal number, minus the smallest normal one, the largest one.
    EXPECT_EQ(values("half", 4), (std::vector<double>{1.0, 0x1p-24, -0x1p-14, 65504.0}));
    EXPECT_EQ(values("brain", 2), (std::vector<double>{1.0, -2.5}));
    EXPECT_EQ(values("z_re", 1), std::vector<double>{1.0});
    EXPECT_EQ(values("z_im", 1), std::vector<double>{-2.0});
    EXPECT_EQ(stored_shapes(tree).size(), 4u);
  }
}

TEST(WeightFiles, TheGroupStaysWhereOtherTensorsStandBesideIt) {
  const Scratch scratch;
  TensorFile file;
  file.tensors.push_back(test::random_tensor("params/a", TensorType::float32, {1}, 1));
  file.tensors.push_back(test::random_tensor("batch_stats/a", TensorType::float32, {1}, 2));
  write_tensors(scratch / "w.msgpack", file, WeightFormat::msgpack);

  EXPECT_TRUE(read_weights_file(scratch / "w.msgpack").has("parameters/params/a"));
}

TEST(WeightFiles, OtherContentIsRefusedWhateverItsName) {
  const Scratch scratch;
  test::spit(scratch / "w.h5", "kind: rbm\n");
  test::spit(scratch / "empty.msgpack", "");
  test::spit(scratch / "cut.h5", std::string("\x89HDF\r\n\x1a\n", 8) + "rest");

  EXPECT_EQ(message_of<CheckpointError>([&] { read_tensors(scratch / "w.h5"); }),
            "'" + scratch / "w.h5" + "' is no weight file (neither HDF5, flax msgpack nor safetensors)");
  EXPECT_THROW(read_tensors(scratch / "empty.msgpack"), CheckpointError);
  EXPECT_THROW(read_tensors(scratch / "cut.h5"), CheckpointError);
  EXPECT_THROW(read_tensors(scratch / "absent.h5"), FileError);
}

TEST(WeightFiles, Hdf5ThatContradictsItsTypesIsRefused) {
  const auto refuse = [](Dataset dataset, const std::string& dtype) {
    DataTree tree;
    dataset.attributes["dtype"] = dtype;
    tree.set("parameters/a", std::move(dataset));
    return message_of<CheckpointError>([&] { take_tensors(tree, "w"); });
  };

  EXPECT_NE(refuse({{1}, std::vector<double>{1}, {}}, "float16").find("is stored as float64, which does not fit its dtype float16"),
            std::string::npos);
  EXPECT_NE(refuse({{1}, std::vector<float>{1}, {}}, "complex64").find("does not fit its dtype complex64"), std::string::npos);
  EXPECT_NE(refuse({{1}, std::vector<std::int32_t>{256}, {}}, "uint8").find("has values beyond its dtype"), std::string::npos);
  EXPECT_NE(refuse({{1}, std::vector<double>{1}, {}}, "quad").find("unknown dtype"), std::string::npos);
  EXPECT_NE(refuse(scalar(std::string("x")), "int8").find("holds text"), std::string::npos);
}

// --- damage
// -----------------------------------------------------------------------------------------------------------------------------------------

struct Format {
  std::string name;
  std::function<TensorFile(std::span<const std::byte>)> read;
  std::vector<std::byte> sample;
};

std::vector<Format> formats() {
  TensorFile small = sample_tensors();
  small.metadata["model"] = "kind: rbm\n";
  return {
      {"msgpack", [](auto bytes) { return from_msgpack(bytes, "w"); }, to_msgpack(small, "w")},
      {"chunked msgpack", [](auto bytes) { return from_msgpack(bytes, "w"); }, to_msgpack(small, "w", 16)},
      {"safetensors", [](auto bytes) { return from_safetensors(bytes, "w"); }, to_safetensors(small, "w")},
  };
}

TEST(DamagedWeightFiles, CutAnywhereAreRefused) {
  for (const Format& format : formats()) {
    for (std::size_t length = 0; length < format.sample.size(); ++length) {
      // An exact copy, so that a sanitizer sees the first byte read beyond the end.
      const std::vector<std::byte> cut(format.sample.begin(), format.sample.begin() + static_cast<std::ptrdiff_t>(length));
      EXPECT_THROW(format.read(cut), CheckpointError) << format.name << " of length " << length;
    }
  }
}

TEST(DamagedWeightFiles, TenThousandMutationsAreReadOrRefused) {
  std::mt19937 engine(20251211);
  for (const Format& format : formats()) {
    int refused = 0;
    for (int trial = 0; trial < 10000; ++trial) {
      const std::vector<std::byte> damaged = test::mutated(format.sample, engine);
      try {
        const TensorFile tensors = format.read(damaged);
        for (const NamedTensor& tensor : tensors.tensors) ASSERT_EQ(tensor.bytes.size(), byte_count(tensor.type, tensor.shape));
      } catch (const CheckpointError&) {
        ++refused;
      }
    }
    EXPECT_GT(refused, 1000) << format.name;
    EXPECT_LT(refused, 10000) << format.name;  // damage of the data alone is none of the reader's business
  }
}

// A line of this process's status, in bytes: VmRSS is its resident memory, VmHWM the peak of it.
std::size_t memory(const std::string& line_name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(line_name + ":")) return 1024 * std::stoull(line.substr(line_name.size() + 1));
  }
  return 0;
}

// How far reading a file raises the peak.
std::size_t growth_of_reading(const std::string& file) {
  std::ofstream("/proc/self/clear_refs") << "5";  // forgets the peak
  const std::size_t before = memory("VmHWM");
  try {
    read_tensors(file);
  } catch (const CheckpointError&) {
  }
  return memory("VmHWM") - before;
}

TEST(DamagedWeightFiles, TakeNoMoreMemoryThanTwiceTheirLengthAnd64MB) {
  const Scratch scratch;
  std::vector<std::string> files;
  const auto add = [&](const std::string& content) {
    files.push_back(scratch / std::to_string(files.size()));
    test::spit(files.back(), content);
  };
  std::string tensors(1, '\xde');  // as many one-byte tensors with long names as a map may hold
  tensors += std::string("\x40\x00", 2);
  for (int i = 0; i < 16384; ++i) {
    const std::string key = std::to_string(10000 + i) + std::string(995, 'k');
    tensors += std::string("\xda\x03\xe8", 3) + key + std::string("\xc7\x0b\x01\x93\x91\x01\xa4int8\xc4\x01x", 14);
  }
  add(tensors);
  EXPECT_EQ(read_tensors(files[0]).tensors.size(), 16384u);
  std::string numbers = "{\"a\":[0";
  for (int i = 0; i < 4000000; ++i) numbers += ",0";
  // The length of this JSON text, which goes on after the limit on the number of values.
  add(std::string("\x07\x12\x7a\x00\x00\x00\x00\x00", 8) + numbers);
  TensorFile large;
  large.tensors.push_back(test::random_tensor("a", TensorType::complex64, {2 << 20}, 1));
  for (const WeightFormat format : {WeightFormat::msgpack, WeightFormat::safetensors}) {
    files.push_back(scratch / std::to_string(files.size()));
    write_tensors(files.back(), large, format);
  }
  large = {};
  if (growth_of_reading(files.back()) == 0) GTEST_SKIP() << "this kernel cannot reset the peak of a process's memory";
  for (const std::string& file : files) {
    EXPECT_LT(growth_of_reading(file), 2 * std::filesystem::file_size(file) + (std::size_t{64} << 20)) << file;
  }
}

}  // namespace
}  // namespace qs

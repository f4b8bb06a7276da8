#include "engine/weights/weight_files.h"

#include <fmt/format.h>

#include <filesystem>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/checkpoint/checkpoint_file.h"
#include "engine/files/files.h"
#include "engine/hdf5/hdf5.h"
#include "engine/hdf5/hdf5_child.h"
#include "engine/weights/msgpack.h"
#include "engine/weights/safetensors.h"
#include "engine/weights/tensor_tree.h"
#include "engine/weights/weights.h"

namespace qs {
namespace {

constexpr std::size_t kFileLimit = std::size_t{1} << 36;  // 64 GiB; the content itself is bounded by the length of the file
const std::string kLayoutKey = "layout";
const std::string kVersionKey = "layout_version";
const std::string kLayout = "qstage-weights";
const std::string kVersion = "1.0";

std::uint8_t byte_at(std::span<const std::byte> bytes, std::size_t i) { return i < bytes.size() ? std::to_integer<std::uint8_t>(bytes[i]) : 0; }

// A JSON object after eight bytes of length below 2^24. A map that flax wrote has a letter among them.
bool looks_like_safetensors(std::span<const std::byte> bytes) {
  for (std::size_t i = 4; i < 8; ++i) {
    if (byte_at(bytes, i) != 0) return false;
  }
  return byte_at(bytes, 8) == '{';
}

bool looks_like_msgpack(std::span<const std::byte> bytes) {
  const std::uint8_t first = byte_at(bytes, 0);
  return (first & 0xf0) == 0x80 || first == 0xde || first == 0xdf;
}

bool looks_like_zip(std::span<const std::byte> bytes) { return byte_at(bytes, 0) == 'P' && byte_at(bytes, 1) == 'K'; }

DataTree hdf5_tree(std::vector<std::byte> bytes, const std::string& path) {
  try {
    return read_foreign_hdf5(std::move(bytes), path);
  } catch (const FileError& error) {
    throw CheckpointError(error.what());  // the disk has done its part: it is the content that cannot be used
  }
}

// Says what made the file, and that this program can read it.
void take_layout(TensorFile& tensors, const std::string& path) {
  const auto layout = tensors.metadata.find(kLayoutKey);
  if (layout == tensors.metadata.end() || layout->second != kLayout) return;
  const std::string version = tensors.metadata[kVersionKey];
  if (version.substr(0, version.find('.')) != kVersion.substr(0, kVersion.find('.'))) {
    throw CheckpointError(fmt::format("'{}' has layout version '{}' (this program reads {}); convert it with the program that wrote it", path,
                                      escaped(version), kVersion));
  }
  tensors.metadata.erase(kLayoutKey);
  tensors.metadata.erase(kVersionKey);
}

TensorFile foreign_tensors(std::span<const std::byte> bytes, const std::string& path) {
  if (looks_like_safetensors(bytes)) {
    TensorFile tensors = from_safetensors(bytes, path);
    take_layout(tensors, path);
    return tensors;
  }
  if (looks_like_msgpack(bytes)) return from_msgpack(bytes, path);
  if (looks_like_zip(bytes)) {
    throw CheckpointError(
        fmt::format("'{}' is a zip archive, such as numpy's npz; convert it: python3 tools/qstage_io.py IN.npz OUT.safetensors", path));
  }
  throw CheckpointError(fmt::format("'{}' is no weight file (neither HDF5, flax msgpack nor safetensors)", path));
}

}  // namespace

bool keeps_metadata(WeightFormat format) { return format == WeightFormat::hdf5 || format == WeightFormat::safetensors; }

std::optional<WeightFormat> weight_format_named(const std::string& path) {
  const std::string extension = std::filesystem::path(path).extension().string();
  if (extension == ".h5") return WeightFormat::hdf5;
  if (extension == ".msgpack" || extension == ".mpack") return WeightFormat::msgpack;
  if (extension == ".safetensors") return WeightFormat::safetensors;
  return std::nullopt;
}

DataTree read_weight_tree(const std::string& path) {
  if (is_checkpoint(path)) return read_checkpoint(path).tree;
  std::vector<std::byte> bytes = read_bytes(path, kFileLimit);
  if (!is_hdf5(bytes)) {
    TensorFile tensors = foreign_tensors(bytes, path);
    bytes = {};  // the file and two copies of its tensors would be more than it justifies
    return to_tree(std::move(tensors));
  }
  DataTree tree = hdf5_tree(std::move(bytes), path);
  check_stored_hash(tree, path);
  return tree;
}

TensorFile read_tensors(const std::string& path) {
  DataTree tree = read_weight_tree(path);
  return take_tensors(tree, path);
}

void write_tensors(const std::string& path, TensorFile tensors, WeightFormat format) {
  switch (format) {
    case WeightFormat::hdf5: {
      check_names(tensors, path);
      DataTree tree = to_tree(std::move(tensors));
      seal_weights(tree);
      return replace_file(path, to_hdf5_image(tree));
    }
    case WeightFormat::msgpack:
      return replace_file(path, to_msgpack(tensors, path));
    case WeightFormat::safetensors:
      tensors.metadata[kLayoutKey] = kLayout;
      tensors.metadata[kVersionKey] = kVersion;
      return replace_file(path, to_safetensors(tensors, path));
  }
}

}  // namespace qs

// DataTree -> HDF5 image. Everything is created in the order of the sorted paths, so the bytes depend on the tree alone.
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/hdf5/hdf5.h"
#include "engine/hdf5/hdf5_handle.h"

namespace qs {
namespace {

using hdf5::checked;
using hdf5::Handle;

constexpr std::size_t kImageIncrement = std::size_t{1} << 16;
constexpr std::size_t kAttributeLimit = 60000;  // object headers of the earliest format hold messages below 64 KiB

[[noreturn]] void refuse(const std::string& object, const std::string& reason) {
  throw FileError(fmt::format("cannot store '{}' in HDF5: {}", object, reason));
}

Handle file_type(double) { return {H5Tcopy(H5T_IEEE_F64LE), H5Tclose, "copy a type"}; }
Handle file_type(float) { return {H5Tcopy(H5T_IEEE_F32LE), H5Tclose, "copy a type"}; }
Handle file_type(std::int64_t) { return {H5Tcopy(H5T_STD_I64LE), H5Tclose, "copy a type"}; }
Handle file_type(std::uint64_t) { return {H5Tcopy(H5T_STD_U64LE), H5Tclose, "copy a type"}; }
Handle file_type(std::int8_t) { return {H5Tcopy(H5T_STD_I8LE), H5Tclose, "copy a type"}; }
Handle file_type(std::uint16_t) { return {H5Tcopy(H5T_STD_U16LE), H5Tclose, "copy a type"}; }
Handle file_type(std::int32_t) { return {H5Tcopy(H5T_STD_I32LE), H5Tclose, "copy a type"}; }
Handle file_type(std::complex<double>) {
  // Little endian in the file whatever the machine is.
  Handle type(H5Tcreate(H5T_COMPOUND, sizeof(std::complex<double>)), H5Tclose, "create the complex type");
  checked(H5Tinsert(type, "r", 0, H5T_IEEE_F64LE), "create the complex type");
  checked(H5Tinsert(type, "i", sizeof(double), H5T_IEEE_F64LE), "create the complex type");
  return type;
}

Handle memory_type(double) { return {H5Tcopy(H5T_NATIVE_DOUBLE), H5Tclose, "copy a type"}; }
Handle memory_type(float) { return {H5Tcopy(H5T_NATIVE_FLOAT), H5Tclose, "copy a type"}; }
Handle memory_type(std::int64_t) { return {H5Tcopy(H5T_NATIVE_INT64), H5Tclose, "copy a type"}; }
Handle memory_type(std::uint64_t) { return {H5Tcopy(H5T_NATIVE_UINT64), H5Tclose, "copy a type"}; }
Handle memory_type(std::int8_t) { return {H5Tcopy(H5T_NATIVE_INT8), H5Tclose, "copy a type"}; }
Handle memory_type(std::uint16_t) { return {H5Tcopy(H5T_NATIVE_UINT16), H5Tclose, "copy a type"}; }
Handle memory_type(std::int32_t) { return {H5Tcopy(H5T_NATIVE_INT32), H5Tclose, "copy a type"}; }
Handle memory_type(std::complex<double>) { return hdf5::complex_type(); }

Handle text_type(std::size_t length) {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "copy a type");
  checked(H5Tset_size(type, std::max<std::size_t>(length, 1)), "set a string length");
  checked(H5Tset_cset(type, H5T_CSET_UTF8), "set a character set");
  checked(H5Tset_strpad(type, H5T_STR_NULLPAD), "set a string padding");
  return type;
}

Handle space_of(const std::vector<std::int64_t>& shape) {
  if (shape.empty()) return {H5Screate(H5S_SCALAR), H5Sclose, "create a scalar space"};
  const std::vector<hsize_t> extents(shape.begin(), shape.end());
  return {H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr), H5Sclose, "create an array space"};
}

Handle untimed(hid_t property_class) {
  Handle properties(H5Pcreate(property_class), H5Pclose, "create properties");
  checked(H5Pset_obj_track_times(properties, false), "switch off time stamps");
  return properties;
}

// Values as one block of equally long fields, what a fixed-length string array is in memory and in the file.
struct TextBlock {
  std::size_t width = 1;
  std::string bytes;
};

TextBlock pack(const std::vector<std::string>& values, const std::string& object) {
  TextBlock block;
  for (const auto& value : values) {
    if (value.find('\0') != std::string::npos) refuse(object, "a string contains a NUL byte (HDF5 would cut it there)");
    block.width = std::max(block.width, value.size());
  }
  block.bytes.reserve(block.width * values.size());
  for (const auto& value : values) block.bytes.append(value).append(block.width - value.size(), '\0');
  return block;
}

class Writer {
 public:
  explicit Writer(hid_t file) : file_(file) {}

  void group(const std::string& path, const std::map<std::string, Attribute>& attributes) {
    const std::string action = fmt::format("store group '{}'", path);
    if (path.empty()) {
      write_attributes(Handle(H5Gopen2(file_, "/", H5P_DEFAULT), H5Gclose, action), attributes, path);
      return;
    }
    ensure_groups(path + "/");
    write_attributes(Handle(H5Gopen2(file_, path.c_str(), H5P_DEFAULT), H5Gclose, action), attributes, path);
  }

  void dataset(const std::string& path, const Dataset& dataset) {
    ensure_groups(path);
    std::visit([&](const auto& values) { write_values(path, dataset, values); }, dataset.values);
  }

 private:
  // Creates every group named by the part of `path` before its last slash.
  void ensure_groups(const std::string& path) {
    const std::string padded = "/" + path;
    if (path.empty() || padded.find("//") != std::string::npos || padded.find("/./") != std::string::npos) refuse(path, "not a proper path");
    for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      const std::string prefix = path.substr(0, slash);
      const std::string action = fmt::format("create group '{}'", prefix);
      if (checked(H5Lexists(file_, prefix.c_str(), H5P_DEFAULT), action) > 0) continue;
      const Handle properties = untimed(H5P_GROUP_CREATE);
      const Handle created(H5Gcreate2(file_, prefix.c_str(), H5P_DEFAULT, properties, H5P_DEFAULT), H5Gclose, action);
    }
  }

  template <typename T>
  void write_values(const std::string& path, const Dataset& dataset, const std::vector<T>& values) {
    write_block(path, dataset, values.size(), file_type(T{}), memory_type(T{}), values.data());
  }
  void write_values(const std::string& path, const Dataset& dataset, const std::vector<std::string>& values) {
    const TextBlock block = pack(values, path);
    write_block(path, dataset, values.size(), text_type(block.width), text_type(block.width), block.bytes.data());
  }

  void write_block(const std::string& path, const Dataset& dataset, std::size_t count, hid_t stored_as, hid_t held_as, const void* values) {
    const bool negative = std::any_of(dataset.shape.begin(), dataset.shape.end(), [](std::int64_t extent) { return extent < 0; });
    if (negative || static_cast<std::size_t>(element_count(dataset.shape)) != count) {
      refuse(path, fmt::format("shape {} does not fit {} values (a bug of the caller)", shape_text(dataset.shape), count));
    }
    const std::string action = fmt::format("store dataset '{}'", path);
    const Handle space = space_of(dataset.shape);
    const Handle properties = untimed(H5P_DATASET_CREATE);
    const Handle target(H5Dcreate2(file_, path.c_str(), stored_as, space, H5P_DEFAULT, properties, H5P_DEFAULT), H5Dclose, action);
    if (count > 0) checked(H5Dwrite(target, held_as, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), action);
    write_attributes(target, dataset.attributes, path);
  }

  void write_attributes(hid_t object, const std::map<std::string, Attribute>& attributes, const std::string& path) {
    for (const auto& entry : attributes) {
      const std::string &name = entry.first, label = fmt::format("{}@{}", path, name);
      std::visit([&](const auto& value) { write_attribute(object, name, label, value); }, entry.second);
    }
  }

  template <typename T>
  void write_attribute(hid_t object, const std::string& name, const std::string& label, const T& value) {
    attach(object, name, label, {}, file_type(T{}), memory_type(T{}), &value, sizeof(T));
  }
  template <typename T>
  void write_attribute(hid_t object, const std::string& name, const std::string& label, const std::vector<T>& values) {
    attach(object, name, label, {static_cast<std::int64_t>(values.size())}, file_type(T{}), memory_type(T{}), values.data(),
           values.size() * sizeof(T));
  }
  void write_attribute(hid_t object, const std::string& name, const std::string& label, const std::string& value) {
    const TextBlock block = pack({value}, label);
    attach(object, name, label, {}, text_type(block.width), text_type(block.width), block.bytes.data(), block.bytes.size());
  }
  void write_attribute(hid_t object, const std::string& name, const std::string& label, const std::vector<std::string>& values) {
    const TextBlock block = pack(values, label);
    attach(object, name, label, {static_cast<std::int64_t>(values.size())}, text_type(block.width), text_type(block.width), block.bytes.data(),
           block.bytes.size());
  }

  void attach(hid_t object, const std::string& name, const std::string& label, const std::vector<std::int64_t>& shape, hid_t stored_as, hid_t held_as,
              const void* values, std::size_t bytes) {
    if (bytes > kAttributeLimit) {
      refuse(label, fmt::format("{} bytes exceed what an attribute holds ({}); store it as a dataset", bytes, kAttributeLimit));
    }
    const std::string action = fmt::format("store attribute '{}'", label);
    const Handle space = space_of(shape);
    const Handle target(H5Acreate2(object, name.c_str(), stored_as, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose, action);
    if (bytes > 0) checked(H5Awrite(target, held_as, values), action);
  }

  hid_t file_;
};

// Of its numbers; texts are short.
std::size_t bytes_of(const DataTree& tree) {
  std::size_t bytes = 0;
  for (const auto& [path, dataset] : tree.datasets) {
    std::visit([&](const auto& values) { bytes += values.size() * sizeof(values[0]); }, dataset.values);
  }
  return bytes;
}

}  // namespace

std::vector<std::byte> to_hdf5_image(const DataTree& tree) {
  hdf5::require_memory(2 * bytes_of(tree));
  const hdf5::QuietErrors quiet;
  const std::string action = "build an HDF5 image in memory";
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, action);
  checked(H5Pset_fapl_core(access, kImageIncrement, false), action);  // false: no backing store, the name below is never a file
  checked(H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_V110), action);
  const Handle creation = untimed(H5P_FILE_CREATE);
  const Handle file(H5Fcreate("qstage-image", H5F_ACC_TRUNC, creation, access), H5Fclose, action);

  Writer writer(file);
  for (const auto& [path, attributes] : tree.groups) writer.group(path, attributes);
  for (const auto& [path, dataset] : tree.datasets) writer.dataset(path, dataset);

  checked(H5Fflush(file, H5F_SCOPE_GLOBAL), action);
  std::vector<std::byte> image(static_cast<std::size_t>(checked(H5Fget_file_image(file, nullptr, 0), action)));
  checked(H5Fget_file_image(file, image.data(), image.size()), action);
  return image;
}

}  // namespace qs

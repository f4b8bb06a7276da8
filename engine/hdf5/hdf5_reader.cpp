// HDF5 image -> DataTree. The image is read in place (no copy); links that leave the file and filters are refused.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/hdf5/hdf5.h"
#include "engine/hdf5/hdf5_handle.h"

namespace qs {
namespace {

using hdf5::checked;
using hdf5::Handle;

constexpr int kDepthLimit = 32;

// The core driver asks these for its buffer. The image is only read, so it serves as that buffer itself.
void* lend_image(std::size_t, H5FD_file_image_op_t, void* image) { return image; }
void* keep_image(void* destination, const void*, std::size_t, H5FD_file_image_op_t, void*) { return destination; }
void* refuse_growth(void*, std::size_t, H5FD_file_image_op_t, void*) { return nullptr; }
herr_t release_nothing(void*, H5FD_file_image_op_t, void*) { return 0; }
void* share_pointer(void* image) { return image; }
herr_t forget_pointer(void*) { return 0; }

Handle open_image(std::span<const std::byte> image, const std::string& name) {
  const std::string action = fmt::format("read '{}' as HDF5", name);
  void* bytes = const_cast<std::byte*>(image.data());  // the C interface has no const; H5F_ACC_RDONLY keeps the promise
  H5FD_file_image_callbacks_t callbacks = {lend_image, keep_image, refuse_growth, release_nothing, share_pointer, forget_pointer, bytes};
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, action);
  checked(H5Pset_fapl_core(access, 1 << 16, false), action);
  checked(H5Pset_file_image_callbacks(access, &callbacks), action);
  checked(H5Pset_file_image(access, bytes, image.size()), action);
  return {H5Fopen("qstage-image", H5F_ACC_RDONLY, access), H5Fclose, action};
}

Handle native_type(double) { return {H5Tcopy(H5T_NATIVE_DOUBLE), H5Tclose, "copy a type"}; }
Handle native_type(float) { return {H5Tcopy(H5T_NATIVE_FLOAT), H5Tclose, "copy a type"}; }
Handle native_type(std::int64_t) { return {H5Tcopy(H5T_NATIVE_INT64), H5Tclose, "copy a type"}; }
Handle native_type(std::uint64_t) { return {H5Tcopy(H5T_NATIVE_UINT64), H5Tclose, "copy a type"}; }
Handle native_type(std::int8_t) { return {H5Tcopy(H5T_NATIVE_INT8), H5Tclose, "copy a type"}; }
Handle native_type(std::uint16_t) { return {H5Tcopy(H5T_NATIVE_UINT16), H5Tclose, "copy a type"}; }
Handle native_type(std::int32_t) { return {H5Tcopy(H5T_NATIVE_INT32), H5Tclose, "copy a type"}; }
Handle native_type(std::complex<double>) { return hdf5::complex_type(); }

// One reading interface over datasets and attributes.
struct Source {
  hid_t id;
  bool attribute;

  Handle type() const { return {attribute ? H5Aget_type(id) : H5Dget_type(id), H5Tclose, "read a type"}; }
  Handle space() const { return {attribute ? H5Aget_space(id) : H5Dget_space(id), H5Sclose, "read a shape"}; }
  void read(hid_t memory_type, void* values) const {
    checked(attribute ? H5Aread(id, memory_type, values) : H5Dread(id, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), "read values");
  }
};

std::vector<std::int64_t> shape_of(hid_t space) {
  const int rank = checked(H5Sget_simple_extent_ndims(space), "read a shape");
  std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
  if (rank > 0) checked(H5Sget_simple_extent_dims(space, extents.data(), nullptr), "read a shape");
  return {extents.begin(), extents.end()};
}

// Number of elements; none if an extent does not fit into 63 bits or the product of those above zero into 62.
std::optional<std::size_t> count_of(std::span<const std::int64_t> shape) {
  std::int64_t bound = 1;
  bool empty = false;
  for (const std::int64_t extent : shape) {
    if (extent < 0) return std::nullopt;
    if (extent > 0 && bound > (std::int64_t{1} << 62) / extent) return std::nullopt;
    bound *= std::max<std::int64_t>(extent, 1);
    empty = empty || extent == 0;
  }
  return empty ? 0 : static_cast<std::size_t>(bound);
}

std::vector<std::string> read_variable_text(const Source& source, std::size_t count) {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "copy a type");
  checked(H5Tset_size(type, H5T_VARIABLE), "set a string length");
  checked(H5Tset_cset(type, H5Tget_cset(source.type())), "set a character set");
  std::vector<char*> pointers(count, nullptr);
  source.read(type, pointers.data());
  std::vector<std::string> values;
  for (const char* pointer : pointers) values.emplace_back(pointer == nullptr ? "" : pointer);
  const Handle space = source.space();
  checked(H5Dvlen_reclaim(type, space, H5P_DEFAULT, pointers.data()), "release strings");
  return values;
}

std::vector<std::string> read_fixed_text(const Source& source, std::size_t count) {
  const Handle type = source.type();
  const std::size_t width = H5Tget_size(type);
  std::string block(width * count, '\0');
  if (count > 0) source.read(type, block.data());
  const bool space_padded = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
  std::vector<std::string> values;
  for (std::size_t i = 0; i < count; ++i) {
    std::string value = block.substr(i * width, width);
    value.resize(std::min(value.find('\0'), value.size()));
    while (space_padded && !value.empty() && value.back() == ' ') value.pop_back();
    values.push_back(std::move(value));
  }
  return values;
}

template <typename T>
std::vector<T> read_numbers(const Source& source, std::size_t count) {
  std::vector<T> values(count);
  if (count > 0) source.read(native_type(T{}), values.data());
  return values;
}

bool is_complex(hid_t type) {
  return H5Tget_class(type) == H5T_COMPOUND && H5Tget_nmembers(type) == 2 && H5Tget_member_index(type, "r") >= 0 &&
         H5Tget_member_index(type, "i") >= 0 && H5Tget_member_class(type, 0) == H5T_FLOAT && H5Tget_member_class(type, 1) == H5T_FLOAT;
}

decltype(Dataset::values) read_integers(const Source& source, hid_t type, std::size_t count) {
  const std::size_t width = H5Tget_size(type);
  const bool is_unsigned = H5Tget_class(type) == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_NONE;
  if (is_unsigned && width == 8) return read_numbers<std::uint64_t>(source, count);
  if (width > 4 || (is_unsigned && width == 4)) return read_numbers<std::int64_t>(source, count);
  if (is_unsigned && width <= 2) return read_numbers<std::uint16_t>(source, count);
  if (width > 1) return read_numbers<std::int32_t>(source, count);
  return read_numbers<std::int8_t>(source, count);
}

decltype(Dataset::values) read_values(const Source& source, std::size_t count) {
  const Handle type = source.type();
  switch (H5Tget_class(type)) {
    case H5T_FLOAT:
      if (H5Tget_size(type) > sizeof(double)) throw FileError("floating-point numbers wider than 64 bits are not supported");
      if (H5Tget_size(type) <= sizeof(float)) return read_numbers<float>(source, count);
      return read_numbers<double>(source, count);
    case H5T_INTEGER:
    case H5T_ENUM:  // h5py stores booleans as an enumeration over int8
      return read_integers(source, type, count);
    case H5T_STRING:
      if (H5Tis_variable_str(type) > 0) return read_variable_text(source, count);
      return read_fixed_text(source, count);
    default:
      if (is_complex(type)) return read_numbers<std::complex<double>>(source, count);
      throw FileError("only floats, integers, strings and complex numbers {r, i} are supported; store it as one of these");
  }
}

// Attributes know 64 bit integers and doubles only.
Attribute to_attribute(const Dataset& dataset) {
  return std::visit(
      [&](const auto& values) -> Attribute {
        using T = typename std::decay_t<decltype(values)>::value_type;
        if constexpr (std::is_same_v<T, std::complex<double>>) {
          throw FileError("complex attributes are not supported; store two real ones");
        } else {
          using Wide = std::conditional_t<std::is_same_v<T, std::string>, T, std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>>;
          if (dataset.shape.size() > 1) throw FileError("attributes of more than one dimension are not supported; store it as a dataset");
          if (dataset.shape.empty()) return static_cast<Wide>(values.front());
          return std::vector<Wide>(values.begin(), values.end());
        }
      },
      dataset.values);
}

class Reader {
 public:
  Reader(std::string name, std::size_t file_bytes) : name_(std::move(name)), bytes_left_(file_bytes) {}

  DataTree read(hid_t file) {
    const Handle root(H5Gopen2(file, "/", H5P_DEFAULT), H5Gclose, fmt::format("read the root group of '{}'", name_));
    visit_group(root, "", 0);
    return std::move(tree_);
  }

 private:
  // Adds file and object to whatever goes wrong while that object is read.
  template <typename Action>
  void about(const std::string& object, Action action) {
    try {
      action();
    } catch (const FileError& error) {
      throw FileError(fmt::format("'{}', object '{}': {}", name_, escaped(object), error.what()));
    }
  }

  Dataset load(const Source& source) {
    const Handle space = source.space();
    if (checked(H5Sget_simple_extent_type(space), "read a shape") == H5S_NULL) throw FileError("empty (null) dataspaces are not supported");
    Dataset dataset;
    dataset.shape = shape_of(space);
    const std::optional<std::size_t> count = count_of(dataset.shape);
    const std::size_t width = std::max<std::size_t>(H5Tget_size(source.type()), 1);
    if (!count || *count > bytes_left_ / width) {
      throw FileError(fmt::format("shape {} claims more data than the file has (damaged, or never written)", shape_text(dataset.shape)));
    }
    bytes_left_ -= *count * width;
    dataset.values = read_values(source, *count);
    return dataset;
  }

  std::map<std::string, Attribute> load_attributes(hid_t object, const std::string& path) {
    std::map<std::string, Attribute> attributes;
    const auto count = checked(H5Aget_num_attrs(object), "count attributes");
    for (int i = 0; i < count; ++i) {
      const Handle attribute(H5Aopen_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, static_cast<hsize_t>(i), H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                             "open an attribute");
      std::string label(static_cast<std::size_t>(checked(H5Aget_name(attribute, 0, nullptr), "read an attribute's name")) + 1, '\0');
      checked(H5Aget_name(attribute, label.size(), label.data()), "read an attribute's name");
      label.pop_back();
      about(path + "@" + label, [&] { attributes[label] = to_attribute(load({attribute, true})); });
    }
    return attributes;
  }

  void visit_group(hid_t group, const std::string& path, int depth) {
    if (depth > kDepthLimit) throw FileError(fmt::format("'{}': groups are nested deeper than {}", name_, kDepthLimit));
    auto attributes = load_attributes(group, path);
    H5G_info_t info{};
    checked(H5Gget_info(group, &info), fmt::format("list group '{}' of '{}'", escaped(path), name_));
    if (!attributes.empty() || (info.nlinks == 0 && !path.empty())) tree_.groups[path] = std::move(attributes);
    for (hsize_t i = 0; i < info.nlinks; ++i) visit_link(group, i, path, depth);
  }

  void visit_link(hid_t group, hsize_t index, const std::string& parent, int depth) {
    const auto length = checked(H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, index, nullptr, 0, H5P_DEFAULT), "read a name");
    std::string link(static_cast<std::size_t>(length) + 1, '\0');
    checked(H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, index, link.data(), link.size(), H5P_DEFAULT), "read a name");
    link.pop_back();
    const std::string path = parent.empty() ? link : parent + "/" + link;
    about(path, [&] {
      H5L_info_t kind{};
      checked(H5Lget_info(group, link.c_str(), &kind, H5P_DEFAULT), "inspect a link");
      if (kind.type != H5L_TYPE_HARD) throw FileError("soft and external links are not followed; store the data itself");
    });
    const Handle object(H5Oopen(group, link.c_str(), H5P_DEFAULT), H5Oclose, fmt::format("open '{}' in '{}'", escaped(path), name_));
    H5O_info_t info{};
    checked(H5Oget_info2(object, &info, H5O_INFO_BASIC), fmt::format("inspect '{}' in '{}'", escaped(path), name_));
    if (!visited_.insert(info.addr).second)
      throw FileError(fmt::format("'{}', object '{}': linked twice, which is not supported", name_, escaped(path)));
    if (info.type == H5O_TYPE_GROUP) return visit_group(object, path, depth + 1);
    about(path, [&] { tree_.datasets[path] = load_dataset(object, info.type, path); });
  }

  Dataset load_dataset(hid_t object, H5O_type_t type, const std::string& path) {
    if (type != H5O_TYPE_DATASET) throw FileError("neither a group nor a dataset");
    const Handle creation(H5Dget_create_plist(object), H5Pclose, "read storage properties");
    if (checked(H5Pget_nfilters(creation), "read filters") > 0) throw FileError("compressed or filtered data is not read; store it plain");
    const auto layout = H5Pget_layout(creation);
    if (layout == H5D_VIRTUAL || H5Pget_external_count(creation) > 0) throw FileError("data kept in other files is not read; store the data itself");
    Dataset dataset = load({object, false});
    dataset.attributes = load_attributes(object, path);
    return dataset;
  }

  std::string name_;
  std::size_t bytes_left_;  // no file justifies more data than its length
  std::set<haddr_t> visited_;
  DataTree tree_;
};

}  // namespace

DataTree from_hdf5_image(std::span<const std::byte> image, const std::string& name) {
  const hdf5::QuietErrors quiet;
  if (image.empty()) throw FileError(fmt::format("cannot read '{}' as HDF5: it is empty", name));
  const Handle file = open_image(image, name);
  return Reader(name, image.size()).read(file);
}

}  // namespace qs

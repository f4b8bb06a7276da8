#include <fmt/format.h>

#include <bit>
#include <optional>
#include <set>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/weights/msgpack.h"
#include "engine/weights/msgpack_format.h"

namespace qs {
namespace {

using namespace msgpack;

// Every take checks the bytes left first. Offsets in messages count from the start of the file.
class Cursor {
 public:
  Cursor(std::span<const std::byte> bytes, const std::string& file, std::size_t offset) : bytes_(bytes), file_(&file), offset_(offset) {}

  [[noreturn]] void fail(const std::string& problem) const {
    throw CheckpointError(fmt::format("'{}', byte {}: {}; it is no intact flax weight file", *file_, offset_, problem));
  }

  std::size_t left() const { return bytes_.size(); }
  std::span<const std::byte> take(std::uint64_t count) {
    if (count > bytes_.size()) fail(fmt::format("{} bytes are announced where {} are left", count, bytes_.size()));
    const auto taken = bytes_.first(static_cast<std::size_t>(count));
    bytes_ = bytes_.subspan(taken.size());
    offset_ += taken.size();
    return taken;
  }
  // Big-endian unsigned number of `width` bytes.
  std::uint64_t number(std::size_t width) {
    std::uint64_t value = 0;
    for (const std::byte byte : take(width)) value = value << 8 | std::to_integer<std::uint64_t>(byte);
    return value;
  }
  std::uint8_t tag() { return static_cast<std::uint8_t>(number(1)); }
  std::uint8_t peek() const {
    if (bytes_.empty()) fail("the file ends where a value is expected");
    return std::to_integer<std::uint8_t>(bytes_.front());
  }
  // The next `count` bytes as a cursor of their own.
  Cursor inside(std::uint64_t count) {
    const std::size_t offset = offset_;
    return {take(count), *file_, offset};
  }
  void expect_end(const char* where) const {
    if (left() > 0) fail(fmt::format("{} bytes follow after the end of {}", left(), where));
  }

 private:
  std::span<const std::byte> bytes_;
  const std::string* file_;
  std::size_t offset_;
};

std::uint64_t map_entries(Cursor& in) {
  const std::uint8_t tag = in.tag();
  if ((tag & 0xf0) == fix_map) return tag & 0x0f;
  if (tag == map_16) return in.number(2);
  if (tag == map_32) return in.number(4);
  in.fail(fmt::format("tag 0x{:02x} where a map is expected", tag));
}

std::uint64_t array_items(Cursor& in) {
  const std::uint8_t tag = in.tag();
  if ((tag & 0xf0) == fix_array) return tag & 0x0f;
  if (tag == array_16) return in.number(2);
  if (tag == array_32) return in.number(4);
  in.fail(fmt::format("tag 0x{:02x} where an array is expected", tag));
}

std::string_view text(Cursor& in) {
  const std::uint8_t tag = in.tag();
  std::uint64_t length = tag & 0x1f;
  if (tag >= str_8 && tag <= str_32) {
    length = in.number(std::size_t{1} << (tag - str_8));
  } else if ((tag & 0xe0) != fix_str) {
    in.fail(fmt::format("tag 0x{:02x} where a text is expected", tag));
  }
  const auto bytes = in.take(length);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const std::byte> binary(Cursor& in) {
  const std::uint8_t tag = in.tag();
  if (tag < bin_8 || tag > bin_32) in.fail(fmt::format("tag 0x{:02x} where raw bytes are expected", tag));
  return in.take(in.number(std::size_t{1} << (tag - bin_8)));
}

std::int64_t extent(Cursor& in) {
  const std::uint8_t tag = in.tag();
  if (tag < 0x80) return tag;
  if (tag < uint_8 || tag > uint_64) in.fail(fmt::format("tag 0x{:02x} where the extent of an axis is expected", tag));
  const std::uint64_t value = in.number(std::size_t{1} << (tag - uint_8));
  if (value >> 62 != 0) in.fail(fmt::format("an axis of {} elements", value));
  return static_cast<std::int64_t>(value);
}

double real(Cursor& in) {
  const std::uint8_t tag = in.tag();
  if (tag != float_64) in.fail(fmt::format("tag 0x{:02x} where a 64-bit float is expected", tag));
  return std::bit_cast<double>(in.number(8));
}

TensorType type_named(std::string_view name, const Cursor& in) {
  for (const TensorTypeEntry& entry : tensor_types()) {
    if (name == entry.name) return entry.type;
  }
  in.fail(fmt::format("dtype '{}' is not supported", escaped(name)));
}

struct Extension {
  int type;
  Cursor payload;
};

Extension extension(Cursor& in) {
  const std::uint8_t tag = in.tag();
  std::uint64_t length = 0;
  if (tag >= fix_ext_1 && tag <= fix_ext_16) {
    length = std::uint64_t{1} << (tag - fix_ext_1);
  } else if (tag >= ext_8 && tag <= ext_32) {
    length = in.number(std::size_t{1} << (tag - ext_8));
  } else {
    in.fail(fmt::format("tag 0x{:02x} where an array is expected (plain numbers, texts and lists are no tensors)", tag));
  }
  const int type = in.tag();
  return {type, in.inside(length)};
}

// Bytes of the payload that a tag announces by itself: the contents of texts, raw bytes, extensions and numbers, but not the items of lists and maps.
std::uint64_t payload_bytes(Cursor& in, std::uint8_t tag) {
  if ((tag & 0xe0) == fix_str) return tag & 0x1f;
  if (tag >= str_8 && tag <= str_32) return in.number(std::size_t{1} << (tag - str_8));
  if (tag >= bin_8 && tag <= bin_32) return in.number(std::size_t{1} << (tag - bin_8));
  if ((tag >= ext_8 && tag <= ext_32) || (tag >= fix_ext_1 && tag <= fix_ext_16)) {
    const std::uint64_t length = tag <= ext_32 ? in.number(std::size_t{1} << (tag - ext_8)) : std::uint64_t{1} << (tag - fix_ext_1);
    in.tag();  // its type
    return length;
  }
  if (tag >= uint_8 && tag <= uint_64) return std::uint64_t{1} << (tag - uint_8);
  if (tag >= int_8 && tag <= int_64) return std::uint64_t{1} << (tag - int_8);
  if (tag == float_32 || tag == float_64) return tag == float_32 ? 4 : 8;
  if (tag < 0x80 || tag >= 0xe0 || tag == nil_value || tag == false_value || tag == true_value) return 0;
  in.fail(fmt::format("tag 0x{:02x} begins no value", tag));
}

bool is_map(std::uint8_t tag) { return (tag & 0xf0) == fix_map || tag == map_16 || tag == map_32; }

// Goes past one value of any kind.
void skip(Cursor& in, int depth) {
  if (depth > tensor_depth_limit) in.fail(fmt::format("maps and lists are nested deeper than {}", tensor_depth_limit));
  const std::uint8_t tag = in.peek();
  if (is_map(tag)) {
    for (std::uint64_t left = map_entries(in); left > 0; --left) {
      skip(in, depth + 1);
      skip(in, depth + 1);
    }
  } else if ((tag & 0xf0) == fix_array || tag == array_16 || tag == array_32) {
    for (std::uint64_t left = array_items(in); left > 0; --left) skip(in, depth + 1);
  } else {
    in.tag();
    in.take(payload_bytes(in, tag));
  }
}

// The value of `key` in the map that begins here; none if there is no map or no such key.
std::optional<Cursor> find(Cursor in, std::string_view key, int depth) {
  std::optional<Cursor> found;
  if (!is_map(in.peek())) return found;
  for (std::uint64_t left = map_entries(in); left > 0; --left) {
    const bool is_it = text(in) == key;
    const Cursor begin = in;
    skip(in, depth + 1);
    if (is_it) found = Cursor(begin).inside(begin.left() - in.left());
  }
  return found;
}

// An array as its parts, the bytes still in the file.
struct Packed {
  TensorType type;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;
};

Packed packed_array(Cursor in) {
  if (array_items(in) != 3) in.fail("an array is not a triple of shape, dtype and bytes");
  Packed array{};
  const std::uint64_t axes = array_items(in);
  if (axes > tensor_axes_limit) in.fail(fmt::format("an array of {} axes (the limit is {})", axes, tensor_axes_limit));
  for (std::uint64_t axis = 0; axis < axes; ++axis) array.shape.push_back(extent(in));
  array.type = type_named(text(in), in);
  array.bytes = binary(in);
  in.expect_end("an array");
  if (byte_count(array.type, array.shape) != array.bytes.size()) {
    in.fail(fmt::format("{} bytes do not fill shape [{}] of {}", array.bytes.size(), fmt::join(array.shape, ", "), properties(array.type).name));
  }
  return array;
}

class Reader {
 public:
  Reader(std::span<const std::byte> bytes, const std::string& file) : in_(bytes, file, 0) {}

  TensorFile read() {
    take_variables_of_state();
    map("", 0);
    in_.expect_end("the tree");
    return std::move(result_);
  }

 private:
  // A whole MCState of NetKet: {variables: {params: {...}}, sampler_state: ..., n_samples: 1008, chunk_size: nil, ...}.
  void take_variables_of_state() {
    const auto variables = find(in_, "variables", 0);
    if (!variables || !find(*variables, "params", 1)) return;
    Cursor whole = in_;
    skip(whole, 0);
    whole.expect_end("the state");
    in_ = *variables;
  }

  void map(const std::string& prefix, int depth) {
    if (depth >= tensor_depth_limit) in_.fail(fmt::format("maps are nested deeper than {}", tensor_depth_limit));
    const std::uint64_t entries = map_entries(in_);
    std::set<std::string_view> keys;
    for (std::uint64_t i = 0; i < entries; ++i) {
      if (++entries_ > tensor_limit) in_.fail(fmt::format("more than {} entries", tensor_limit));
      const std::string_view key = text(in_);
      if (key == chunked_key && i == 0 && depth > 0) {
        if (entries != 3) in_.fail("a chunked array is not a map of three entries");
        return chunked(prefix.substr(0, prefix.size() - 1));
      }
      if (key.empty() || key.find('/') != key.npos) in_.fail(fmt::format("'{}' cannot be a component of a name", escaped(key)));
      if (!keys.insert(key).second) in_.fail(fmt::format("the key '{}' occurs twice in one map", escaped(key)));
      if (prefix.size() + key.size() > tensor_name_limit) in_.fail(fmt::format("a name is longer than {} bytes", tensor_name_limit));
      value(prefix + std::string(key), depth);
    }
  }

  void value(const std::string& name, int depth) {
    const std::uint8_t tag = in_.peek();
    if (is_map(tag)) return map(name + "/", depth + 1);
    auto [type, payload] = extension(in_);
    if (type == complex_extension) {
      if (array_items(payload) != 2) payload.fail("a complex number is not a pair");
      const double parts[2] = {real(payload), real(payload)};
      payload.expect_end("a complex number");
      return add(name, {TensorType::complex128, {}, std::as_bytes(std::span(parts))});
    }
    if (type != array_extension && type != scalar_extension) payload.fail(fmt::format("extension type {} is not one of flax (1, 2, 3)", type));
    const Packed array = packed_array(payload);
    if (type == scalar_extension && !array.shape.empty()) payload.fail("a numpy scalar that has axes");
    add(name, array);
  }

  void add(const std::string& name, const Packed& array) {
    result_.tensors.push_back({name, array.type, array.shape, {array.bytes.begin(), array.bytes.end()}});
  }

  // {"0": ..., "1": ..., ...} as flax writes a tuple; calls item() for each.
  template <typename Item>
  void numbered(std::string_view key, Item item) {
    if (text(in_) != key) in_.fail(fmt::format("a chunked array has no '{}' here", key));
    const std::uint64_t count = map_entries(in_);
    for (std::uint64_t i = 0; i < count; ++i) {
      if (++entries_ > tensor_limit) in_.fail(fmt::format("more than {} entries", tensor_limit));
      if (text(in_) != std::to_string(i)) in_.fail(fmt::format("item {} of '{}' is missing", i, key));
      item();
    }
  }

  // After its first key. Chunks are one-dimensional pieces of the flattened array, in order.
  void chunked(const std::string& name) {
    if (in_.tag() != true_value) in_.fail("a chunked array is not marked with true");
    NamedTensor tensor;
    tensor.name = name;
    numbered("shape", [&] {
      if (tensor.shape.size() == tensor_axes_limit) in_.fail(fmt::format("an array of more than {} axes", tensor_axes_limit));
      tensor.shape.push_back(extent(in_));
    });
    bool first = true;
    std::size_t total = 0;
    numbered("chunks", [&] {
      auto [type, payload] = extension(in_);
      if (type != array_extension) payload.fail("a chunk is not an array");
      const Packed chunk = packed_array(payload);
      if (first) {
        tensor.type = chunk.type;
        total = byte_count(chunk.type, tensor.shape).value_or(std::size_t{0} - 1);
        if (total > chunk.bytes.size() + in_.left()) in_.fail("a chunked array claims more than the file has");
        tensor.bytes.reserve(total);
      }
      if (chunk.type != tensor.type) payload.fail("chunks of one array differ in type");
      if (chunk.bytes.size() > total - tensor.bytes.size()) payload.fail("chunks hold more than the shape of their array");
      tensor.bytes.insert(tensor.bytes.end(), chunk.bytes.begin(), chunk.bytes.end());
      first = false;
    });
    if (first || tensor.bytes.size() != total) in_.fail("the chunks do not fill the shape of their array");
    result_.tensors.push_back(std::move(tensor));
  }

  Cursor in_;
  std::uint64_t entries_ = 0;
  TensorFile result_;
};

}  // namespace

TensorFile from_msgpack(std::span<const std::byte> bytes, const std::string& file) {
  TensorFile tensors = Reader(bytes, file).read();
  check_names(tensors, file);
  return tensors;
}

}  // namespace qs

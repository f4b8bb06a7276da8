#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/weights/msgpack.h"
#include "engine/weights/msgpack_format.h"

namespace qs {
namespace {

using namespace msgpack;

// Appends values in their shortest form, as msgpack of Python does.
class Output {
 public:
  void tag(std::uint8_t value) { bytes.push_back(std::byte{value}); }
  void raw(std::span<const std::byte> values) { bytes.insert(bytes.end(), values.begin(), values.end()); }
  // The tag of the narrowest of 1, 2, 4 (and 8) byte lengths that holds `value`, and `value`.
  void sized(std::uint8_t tag_of_one_byte, std::uint64_t value) {
    int width = value < 0x100 ? 0 : value < 0x10000 ? 1 : value < 0x100000000 ? 2 : 3;
    tag(static_cast<std::uint8_t>(tag_of_one_byte + width));
    for (int shift = 8 * (1 << width) - 8; shift >= 0; shift -= 8) tag(static_cast<std::uint8_t>(value >> shift));
  }
  // Arrays and maps: up to 15 in the tag, else a length of 2 or 4 bytes.
  void container(std::uint8_t fixed, std::uint8_t tag_of_two_bytes, std::uint64_t count) {
    if (count < 16) return tag(static_cast<std::uint8_t>(fixed | count));
    if (count < 0x10000) {
      tag(tag_of_two_bytes);
      for (int shift : {8, 0}) tag(static_cast<std::uint8_t>(count >> shift));
      return;
    }
    sized(static_cast<std::uint8_t>(tag_of_two_bytes - 1), count);
  }
  void map(std::uint64_t entries) { container(fix_map, map_16, entries); }
  void text(std::string_view value) {
    if (value.size() < 32) {
      tag(static_cast<std::uint8_t>(fix_str | value.size()));
    } else {
      sized(str_8, value.size());
    }
    raw(std::as_bytes(std::span(value)));
  }
  void extent(std::int64_t value) {
    if (value < 0x80) return tag(static_cast<std::uint8_t>(value));
    sized(uint_8, static_cast<std::uint64_t>(value));
  }
  // Header and data of an array as extension 1.
  void array(TensorType type, std::span<const std::int64_t> shape, std::span<const std::byte> values) {
    Output head;
    head.container(fix_array, array_16, 3);
    head.container(fix_array, array_16, shape.size());
    for (const std::int64_t axis : shape) head.extent(axis);
    head.text(properties(type).name);
    head.sized(bin_8, values.size());
    const std::size_t length = head.bytes.size() + values.size();
    if (length == 16) {  // the only one of the fixed lengths (1, 2, 4, 8, 16) that a header leaves room for
      tag(fix_ext_16);
    } else {
      sized(ext_8, length);
    }
    tag(array_extension);
    raw(head.bytes);
    raw(values);
  }

  std::vector<std::byte> bytes;
};

// A group, or a leaf. Children in order of first appearance.
struct Node {
  std::string_view key;
  const NamedTensor* tensor = nullptr;
  std::vector<Node> children;
  std::map<std::string_view, std::size_t> index;

  Node& child(std::string_view name) {
    const auto [entry, is_new] = index.emplace(name, children.size());
    if (is_new) children.push_back({name, nullptr, {}, {}});
    return children[entry->second];
  }
};

void write_chunked(Output& out, const NamedTensor& tensor, std::size_t chunk_bytes) {
  const std::size_t width = properties(tensor.type).bytes;
  const std::size_t step = std::max<std::size_t>(chunk_bytes / width, 1) * width;
  out.map(3);
  out.text(chunked_key);
  out.tag(true_value);
  out.text("shape");
  out.map(tensor.shape.size());
  for (std::size_t axis = 0; axis < tensor.shape.size(); ++axis) {
    out.text(std::to_string(axis));
    out.extent(tensor.shape[axis]);
  }
  out.text("chunks");
  out.map((tensor.bytes.size() + step - 1) / step);
  for (std::size_t begin = 0; begin < tensor.bytes.size(); begin += step) {
    const auto chunk = std::span(tensor.bytes).subspan(begin, std::min(step, tensor.bytes.size() - begin));
    const std::int64_t elements = static_cast<std::int64_t>(chunk.size() / width);
    out.text(std::to_string(begin / step));
    out.array(tensor.type, {&elements, 1}, chunk);
  }
}

void write(Output& out, const Node& node, std::size_t chunk_bytes) {
  if (node.tensor != nullptr) {
    if (node.tensor->bytes.size() > chunk_bytes) return write_chunked(out, *node.tensor, chunk_bytes);
    return out.array(node.tensor->type, node.tensor->shape, node.tensor->bytes);
  }
  out.map(node.children.size());
  for (const Node& child : node.children) {
    out.text(child.key);
    write(out, child, chunk_bytes);
  }
}

}  // namespace

std::vector<std::byte> to_msgpack(const TensorFile& tensors, const std::string& file, std::size_t chunk_bytes) {
  check_names(tensors, file);
  Node root;
  std::size_t total = 0;
  for (const NamedTensor& tensor : tensors.tensors) {
    if (std::string_view(tensor.name).find(chunked_key) != std::string_view::npos) {
      throw CheckpointError(fmt::format("'{}': the tensor name '{}' means something else to flax; rename it", file, escaped(tensor.name)));
    }
    Node* node = &root;
    const std::string_view name = tensor.name;
    for (std::size_t begin = 0; begin <= name.size();) {
      const std::size_t end = std::min(name.find('/', begin), name.size());
      node = &node->child(name.substr(begin, end - begin));
      begin = end + 1;
    }
    node->tensor = &tensor;
    total += tensor.bytes.size() + tensor.name.size() + 64;
  }
  Output out;
  out.bytes.reserve(total);
  write(out, root, chunk_bytes);
  return std::move(out.bytes);
}

}  // namespace qs

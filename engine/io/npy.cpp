#include "engine/io/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace qs {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kHeaderLimit = 10000;  // numpy's own
constexpr std::size_t kAlignment = 64;

// numpy's type codes, in the order of TensorType.
constexpr std::array<std::string_view, 14> kCodes = {"f2", "V2", "f4", "f8", "c8", "c16", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"};

TensorType type_of(std::string_view descr) {
  const bool readable = !descr.empty() && std::string_view("<|=").find(descr.front()) != std::string_view::npos;
  const auto found = std::find(kCodes.begin(), kCodes.end(), readable ? descr.substr(1) : "");
  if (found == kCodes.end())
    throw NpyError(fmt::format("holds numbers of type '{}' (little-endian floats, complex numbers and integers are read)", escaped(descr)));
  return static_cast<TensorType>(found - kCodes.begin());
}

// The dictionary, which numpy writes with repr(). No Python beyond these three entries is understood.
class Dictionary {
 public:
  explicit Dictionary(std::string_view text) : text_(text) {}

  NpyHeader parse() {
    std::optional<std::string_view> descr;
    std::optional<bool> order;
    std::optional<std::vector<std::int64_t>> shape;
    expect('{');
    while (!accept('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !descr) {
        descr = quoted();
      } else if (key == "fortran_order" && !order) {
        order = truth();
      } else if (key == "shape" && !shape) {
        shape = tuple();
      } else {
        fail();
      }
      if (!accept(',') && peek() != '}') fail();
    }
    if (peek() != '\0' || !descr || !order || !shape) fail();
    return {type_of(*descr), std::move(*shape), *order, 0};
  }

 private:
  [[noreturn]] static void fail() { throw NpyError("has no intact .npy header (descr, fortran_order and shape)"); }

  char peek() {
    text_.remove_prefix(std::min(text_.find_first_not_of(" \n"), text_.size()));
    return text_.empty() ? '\0' : text_.front();
  }
  bool accept(char c) {
    if (peek() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (text_.empty() || !accept(c)) fail();
  }
  std::string_view quoted() {
    const char quote = peek();
    const std::size_t end = quote == '\'' || quote == '"' ? text_.find(quote, 1) : text_.npos;
    if (end == text_.npos) fail();
    const std::string_view content = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return content;
  }
  bool truth() {
    peek();
    for (const std::string_view word : {"True", "False"}) {
      if (!text_.starts_with(word)) continue;
      text_.remove_prefix(word.size());
      return word == "True";
    }
    fail();
  }
  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> extents;
    expect('(');
    while (!accept(')')) {
      peek();
      std::int64_t extent = 0;
      const auto [end, problem] = std::from_chars(text_.data(), text_.data() + text_.size(), extent);
      if (problem != std::errc() || extent < 0 || extents.size() == tensor_axes_limit) fail();
      extents.push_back(extent);
      text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
      if (!accept(',') && peek() != ')') fail();
    }
    return extents;
  }

  std::string_view text_;
};

}  // namespace

NpyHeader parse_npy_header(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(text[i])); };
  if (text.size() < 12 || !text.starts_with(kMagic)) throw NpyError("is no numpy array");
  const std::size_t version = byte(6), begin = version == 1 ? 10 : 12;
  if (version < 1 || version > 3) throw NpyError(fmt::format("has .npy version {} (versions 1 to 3 are read)", version));
  std::size_t length = byte(8) | byte(9) << 8;
  if (version > 1) length |= byte(10) << 16 | byte(11) << 24;
  if (length > kHeaderLimit || length > text.size() - begin) throw NpyError(fmt::format("announces a header of {} bytes", length));
  NpyHeader header = Dictionary(text.substr(begin, length)).parse();
  header.bytes = begin + length;
  return header;
}

std::string npy_header(TensorType type, std::span<const std::int64_t> shape) {
  const bool byte_sized = properties(type).bytes == 1;
  std::string text = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}{}), }}", byte_sized ? '|' : '<',
                                 kCodes[static_cast<std::size_t>(type)], fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  const std::size_t prefix = kMagic.size() + 4;
  text.append(kAlignment - 1 - (prefix + text.size()) % kAlignment, ' ').append(1, '\n');
  std::string header(kMagic);
  header.append({1, 0, static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)});
  return header + text;
}

}  // namespace qs

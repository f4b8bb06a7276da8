#include "engine/weights/tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <unordered_set>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace qs {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors keep the bytes of their files, which are little endian");

constexpr std::array<TensorTypeEntry, 14> kTypes = {{
    {TensorType::float16, "float16", "F16", 2},
    {TensorType::bfloat16, "bfloat16", "BF16", 2},
    {TensorType::float32, "float32", "F32", 4},
    {TensorType::float64, "float64", "F64", 8},
    {TensorType::complex64, "complex64", "F32", 8},
    {TensorType::complex128, "complex128", "F64", 16},
    {TensorType::int8, "int8", "I8", 1},
    {TensorType::int16, "int16", "I16", 2},
    {TensorType::int32, "int32", "I32", 4},
    {TensorType::int64, "int64", "I64", 8},
    {TensorType::uint8, "uint8", "U8", 1},
    {TensorType::uint16, "uint16", "U16", 2},
    {TensorType::uint32, "uint32", "U32", 4},
    {TensorType::uint64, "uint64", "U64", 8},
}};

// Length of the UTF-8 sequence that starts here, 0 if there is none. Overlong forms, surrogates and code points above U+10FFFF do not count.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto continues = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) { return byte(i) >= low && byte(i) <= high; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return continues(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) return continues(1, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf) && continues(2) ? 3 : 0;
  if (lead >= 0xf0 && lead <= 0xf4)
    return continues(1, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf) && continues(2) && continues(3) ? 4 : 0;
  return 0;
}

std::string problem_of_text(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) return "is not UTF-8";
    if (static_cast<unsigned char>(text.front()) < 0x20 || text.front() == 0x7f) return "contains a control character";
    text.remove_prefix(length);
  }
  return "";
}

std::string problem_of_name(std::string_view name) {
  if (name.size() > tensor_name_limit) return fmt::format("is longer than {} bytes", tensor_name_limit);
  if (const std::string problem = problem_of_text(name); !problem.empty()) return problem;
  if (std::count(name.begin(), name.end(), '/') >= tensor_depth_limit) return fmt::format("is nested deeper than {}", tensor_depth_limit);
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string_view component = name.substr(begin, end - begin);
    if (component.empty() || component == "." || component == "..") return "has an empty or dot component";
    begin = end + 1;
  }
  return "";
}

double from_half(std::uint16_t bits) {
  const double sign = (bits & 0x8000u) != 0 ? -1.0 : 1.0;
  const int exponent = (bits >> 10) & 0x1f;
  const int fraction = bits & 0x3ff;
  if (exponent == 0x1f) return fraction != 0 ? std::numeric_limits<double>::quiet_NaN() : sign * std::numeric_limits<double>::infinity();
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(fraction + 0x400, exponent - 25);
}

double from_bfloat(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

template <typename T>
T element(const NamedTensor& tensor, std::size_t i) {
  T value;
  std::memcpy(&value, tensor.bytes.data() + i * sizeof(T), sizeof(T));
  return value;
}

template <typename T>
std::vector<double> widened_from(const NamedTensor& tensor) {
  std::vector<double> values(tensor.bytes.size() / sizeof(T));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(element<T>(tensor, i));
  return values;
}

template <typename T>
std::vector<double> parts_from(const NamedTensor& tensor) {
  const std::size_t count = tensor.bytes.size() / (2 * sizeof(T));
  std::vector<double> values(2 * count);
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = static_cast<double>(element<T>(tensor, 2 * i));
    values[count + i] = static_cast<double>(element<T>(tensor, 2 * i + 1));
  }
  return values;
}

std::vector<double> widened_from_bits(const NamedTensor& tensor, double (*value)(std::uint16_t)) {
  std::vector<double> values(tensor.bytes.size() / sizeof(std::uint16_t));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = value(element<std::uint16_t>(tensor, i));
  return values;
}

}  // namespace

std::span<const TensorTypeEntry> tensor_types() { return kTypes; }

const TensorTypeEntry& properties(TensorType type) { return kTypes[static_cast<std::size_t>(type)]; }

bool is_complex(TensorType type) { return type == TensorType::complex64 || type == TensorType::complex128; }

std::optional<std::size_t> byte_count(TensorType type, std::span<const std::int64_t> shape) {
  if (shape.size() > tensor_axes_limit) return std::nullopt;
  // Extents of zero are left out of the bound: products of the others are formed elsewhere too and must not overflow there.
  std::int64_t bound = static_cast<std::int64_t>(properties(type).bytes);
  bool empty = false;
  for (const std::int64_t extent : shape) {
    if (extent < 0) return std::nullopt;
    empty = empty || extent == 0;
    if (extent > 0 && bound > (std::int64_t{1} << 62) / extent) return std::nullopt;
    bound *= std::max<std::int64_t>(extent, 1);
  }
  return empty ? 0 : static_cast<std::size_t>(bound);
}

void check_names(const TensorFile& tensors, const std::string& file) {
  if (tensors.tensors.size() > tensor_limit) {
    throw CheckpointError(fmt::format("'{}' holds {} tensors (the limit is {}); it is no weight file", file, tensors.tensors.size(), tensor_limit));
  }
  std::unordered_set<std::string_view> names, groups;
  for (const NamedTensor& tensor : tensors.tensors) {
    const std::string_view name = tensor.name;
    const std::string problem = problem_of_name(name);
    if (!problem.empty()) throw CheckpointError(fmt::format("'{}': the tensor name '{}' {}; rename it", file, escaped(name), problem));
    if (!names.insert(name).second) throw CheckpointError(fmt::format("'{}': two tensors are named '{}'; keep one", file, escaped(name)));
    for (std::size_t slash = name.find('/'); slash != name.npos; slash = name.find('/', slash + 1)) groups.insert(name.substr(0, slash));
  }
  for (const std::string_view name : names) {
    if (groups.count(name) > 0) throw CheckpointError(fmt::format("'{}': '{}' is a tensor and a group at once; rename one", file, escaped(name)));
  }
}

std::vector<double> widened(const NamedTensor& tensor) {
  switch (tensor.type) {
    case TensorType::float16:
      return widened_from_bits(tensor, from_half);
    case TensorType::bfloat16:
      return widened_from_bits(tensor, from_bfloat);
    case TensorType::float32:
      return widened_from<float>(tensor);
    case TensorType::float64:
      return widened_from<double>(tensor);
    case TensorType::complex64:
      return parts_from<float>(tensor);
    case TensorType::complex128:
      return parts_from<double>(tensor);
    case TensorType::int8:
      return widened_from<std::int8_t>(tensor);
    case TensorType::int16:
      return widened_from<std::int16_t>(tensor);
    case TensorType::int32:
      return widened_from<std::int32_t>(tensor);
    case TensorType::int64:
      return widened_from<std::int64_t>(tensor);
    case TensorType::uint8:
      return widened_from<std::uint8_t>(tensor);
    case TensorType::uint16:
      return widened_from<std::uint16_t>(tensor);
    case TensorType::uint32:
      return widened_from<std::uint32_t>(tensor);
    case TensorType::uint64:
      return widened_from<std::uint64_t>(tensor);
  }
  throw std::logic_error("an unknown tensor type");
}

}  // namespace qs

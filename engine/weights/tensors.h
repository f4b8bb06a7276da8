// Named tensors with their exact bytes: the value that weight files of every format are read into and written from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qs {

enum class TensorType { float16, bfloat16, float32, float64, complex64, complex128, int8, int16, int32, int64, uint8, uint16, uint32, uint64 };

struct TensorTypeEntry {
  TensorType type;
  const char* name;         // as numpy says it: "bfloat16"
  const char* safetensors;  // "BF16"; of each part of a complex number
  std::size_t bytes;        // of one element
};

std::span<const TensorTypeEntry> tensor_types();  // in the order of the enumeration
const TensorTypeEntry& properties(TensorType type);
bool is_complex(TensorType type);

struct NamedTensor {
  std::string name;  // "params/Dense_0/kernel"
  TensorType type = TensorType::float64;
  std::vector<std::int64_t> shape;  // C order; {} = scalar
  std::vector<std::byte> bytes;     // little endian; complex: real part first

  bool operator==(const NamedTensor&) const = default;
};

struct TensorFile {
  std::vector<NamedTensor> tensors;             // in the order of the file
  std::map<std::string, std::string> metadata;  // "model": the wavefunction's resolved YAML. Not all formats have a place for it

  bool operator==(const TensorFile&) const = default;
};

// What a weight file may hold, whatever its length.
inline constexpr std::size_t tensor_limit = 16384;
inline constexpr std::size_t tensor_name_limit = 1024;
inline constexpr std::size_t tensor_axes_limit = 32;
inline constexpr int tensor_depth_limit = 32;

// Bytes that a tensor takes; none if an extent is negative, there are too many axes, or the product does not fit into 62 bits.
std::optional<std::size_t> byte_count(TensorType type, std::span<const std::int64_t> shape);
// CheckpointError naming `file` if a name has no place in a tree (empty or dot components, control characters, bytes that are not UTF-8, too long),
// occurs twice or is also a group; or if there are more tensors than the limit. Sizes must agree already.
void check_names(const TensorFile& tensors, const std::string& file);

// Every element as float64, or the real parts followed by the imaginary parts. Integers beyond 2^53 are rounded.
std::vector<double> widened(const NamedTensor& tensor);

}  // namespace qs

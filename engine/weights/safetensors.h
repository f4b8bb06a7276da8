// The safetensors format: 8 bytes of length (little endian), a JSON object {name: {dtype, shape, data_offsets}, __metadata__: {text: text}} padded
// with spaces, then the data without gaps.
//
// The format has no complex numbers: a complex tensor is two real ones, `name.re` and `name.im`, of equal type and shape, and such a pair is read as
// one complex tensor.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/weights/tensors.h"

namespace qs {

// Tensors in the order of their data. CheckpointError naming `file` if the header is no such JSON (16 MB and depth 8 at most), a name occurs twice,
// or the tensors do not cover the data exactly.
TensorFile from_safetensors(std::span<const std::byte> bytes, const std::string& file);

// CheckpointError if real tensors have names that would be read back as a complex one.
std::vector<std::byte> to_safetensors(const TensorFile& tensors, const std::string& file);

}  // namespace qs

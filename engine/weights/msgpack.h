// Weight files of flax (`flax.serialization.to_bytes`): nested maps with text keys whose leaves are arrays. Own code, because libraries allocate what
// a file claims; here nothing is allocated that the bytes at hand do not justify.
//
// Leaves: extension 1 = packed [shape, dtype name, raw bytes]; 2 = packed [re, im], a complex number; 3 = as 1, a numpy scalar; and the maps
// {__msgpack_chunked_array__: true, shape, chunks} into which flax cuts arrays above 1 GiB. Numbers and texts without an extension (counters of an
// optimizer, for example) are refused. Empty maps hold nothing and are left out. Of a whole variational state of NetKet, a map with variables/params
// in it, only what is below `variables` is read: the rest (counters, nil, the sampler's state) holds no weights.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/weights/tensors.h"

namespace qs {

// CheckpointError with the offset into the file; `file` is quoted.
TensorFile from_msgpack(std::span<const std::byte> bytes, const std::string& file);

inline constexpr std::size_t flax_chunk_bytes = std::size_t{1} << 30;
// The bytes flax writes for the same tree. There is no place for metadata. CheckpointError if the names do not form a tree.
std::vector<std::byte> to_msgpack(const TensorFile& tensors, const std::string& file, std::size_t chunk_bytes = flax_chunk_bytes);

}  // namespace qs

// numpy's archives of arrays (numpy.savez, numpy.savez_compressed): a ZIP file with one `name.npy` for each array.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/io/tensors.h"

namespace qs {

// Arrays in column-major order are transposed to C order. CheckpointError naming `file` if it is no intact archive, if an entry is no array of
// numbers (pickled objects are never read), or if what is packed in it is longer than the file by more than 32 MB.
TensorFile from_npz(std::span<const std::byte> bytes, const std::string& file);
// The arrays uncompressed, as numpy.load expects them; bfloat16 as V2. There is no place for metadata.
std::vector<std::byte> to_npz(const TensorFile& tensors, const std::string& file);

}  // namespace qs

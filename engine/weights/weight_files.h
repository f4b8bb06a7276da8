// Weight files of every format, told apart by their content: our HDF5 (weight files, results, checkpoints), flax msgpack, safetensors.
#pragma once

#include <optional>
#include <string>

#include "engine/hdf5/data_tree.h"
#include "engine/weights/tensors.h"

namespace qs {

enum class WeightFormat { hdf5, msgpack, safetensors };

bool keeps_metadata(WeightFormat format);
// By the extension a new file is to have: .h5 | .msgpack .mpack | .safetensors.
std::optional<WeightFormat> weight_format_named(const std::string& path);

// The tree of an HDF5 file as it is; a file of another format as it would be in one of ours. The stored SHA-256 of the parameters is checked.
// FileError: the file cannot be read. CheckpointError: it cannot be used.
DataTree read_weight_tree(const std::string& path);
// Names, shapes and bytes exactly as stored.
TensorFile read_tensors(const std::string& path);
// Replaces `path` at once. Metadata that the format has no place for are left out.
void write_tensors(const std::string& path, TensorFile tensors, WeightFormat format);

}  // namespace qs

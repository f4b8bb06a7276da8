// DataTree <-> a stream of bytes between two processes of the same program (engine/hdf5/hdf5_child.h). No file format: types are counted as in
// data_tree.h, numbers are in the machine's byte order.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "engine/hdf5/data_tree.h"

namespace qs {

using StreamWriter = std::function<void(std::span<const std::byte>)>;
using StreamReader = std::function<void(std::span<std::byte>)>;  // fills the span or throws

void send_tree(const DataTree& tree, const StreamWriter& write);
// The sender is not trusted: FileError if what it sends is no tree or would take more than `limit_bytes` of memory.
DataTree receive_tree(const StreamReader& read, std::size_t limit_bytes);

}  // namespace qs

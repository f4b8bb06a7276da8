// DataTree <-> HDF5, through memory images only: a valuable file is never held open for writing.
// Complex numbers are compounds {r, i}, strings fixed-length UTF-8, earliest format bounds, no filters, no time stamps: equal trees give
// equal bytes. The HDF5 library keeps one global state: call from one thread at a time.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/hdf5/data_tree.h"

namespace qs {

// FileError naming the object if the tree cannot be stored (a NUL inside a string, a name that is dataset and group at once, ...).
std::vector<std::byte> to_hdf5_image(const DataTree& tree);
// For our own, already verified, images: damaged ones can crash or hang the library. `name` is quoted in errors (FileError).
// 8 and 4 byte floats, 64 bit integers, int8, uint16, int32, {r, i} compounds and strings keep their type; other integers and floats
// are widened, to twice their size at most. Refused: filters, external, virtual or linked storage, more data than the file holds. A group appears in
// `groups` if it has attributes or nothing inside.
DataTree from_hdf5_image(std::span<const std::byte> image, const std::string& name);
// Whether the bytes are an HDF5 file, by the signature that may stand behind what belongs to somebody else.
bool is_hdf5(std::span<const std::byte> bytes);
// Any file: what is read is the same, in a child process (hdf5_child.h).
DataTree read_hdf5(const std::string& path);
std::string hdf5_library_version();

}  // namespace qs

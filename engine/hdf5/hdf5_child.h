// HDF5 files that somebody else wrote. The HDF5 library crashes, loops or allocates without end on some damaged files, and a library that went
// wrong cannot be trusted afterwards. So such a file is opened in a forked process with limits on time and memory, which sends the tree back.
//
// Fork without exec is enough, also after MPI_Init and beside threads: the child allocates, reads its copy of the image and writes to a pipe. It
// calls neither MPI nor a device, leaves without destructors, and if it should be stuck for whatever reason the time limit ends it.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "engine/hdf5/data_tree.h"

namespace qs {

struct ForeignLimits {
  std::chrono::milliseconds time = std::chrono::seconds(20);
  std::size_t memory(std::size_t file_bytes) const { return 2 * file_bytes + (std::size_t{64} << 20); }  // beside the image itself
};

// As from_hdf5_image, for any bytes. FileError quoting `name` also if the library crashes on them or comes to a limit.
DataTree read_foreign_hdf5(std::vector<std::byte> image, const std::string& name, ForeignLimits limits = {});

}  // namespace qs

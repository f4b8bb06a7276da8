#include "engine/hdf5/hdf5.h"

#include <hdf5.h>

#include "engine/files/files.h"
#include "engine/hdf5/hdf5_child.h"
#include "engine/hdf5/hdf5_handle.h"

namespace qs {
namespace {

constexpr std::size_t kFileLimit = std::size_t{1} << 36;  // 64 GiB; the content itself is bounded by the length of the file

}  // namespace

DataTree read_hdf5(const std::string& path) { return read_foreign_hdf5(read_bytes(path, kFileLimit), path); }

std::string hdf5_library_version() {
  hdf5::require_memory(0);
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release);
}

}  // namespace qs

#include "engine/hdf5/hdf5.h"

#include <hdf5.h>

#include <array>
#include <cstring>

#include "engine/files/files.h"
#include "engine/hdf5/hdf5_child.h"
#include "engine/hdf5/hdf5_handle.h"

namespace qs {
namespace {

constexpr std::size_t kFileLimit = std::size_t{1} << 36;  // 64 GiB; the content itself is bounded by the length of the file

}  // namespace

// HDF5 looks for its signature at 0, 512, 1024, 2048, ...
bool is_hdf5(std::span<const std::byte> bytes) {
  constexpr std::array<unsigned char, 8> signature = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  for (std::size_t offset = 0; offset + signature.size() <= bytes.size(); offset = offset == 0 ? 512 : 2 * offset) {
    if (std::memcmp(bytes.data() + offset, signature.data(), signature.size()) == 0) return true;
  }
  return false;
}

DataTree read_hdf5(const std::string& path) { return read_foreign_hdf5(read_bytes(path, kFileLimit), path); }

std::string hdf5_library_version() {
  hdf5::require_memory(0);
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release);
}

}  // namespace qs

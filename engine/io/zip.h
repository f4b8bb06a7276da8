// The part of the ZIP format (APPNOTE 6.3.3) that numpy's archives use: entries stored or deflated, below 4 GiB, no encryption. zlib unpacks and
// checks; the directory is read here, since nothing may be allocated that the bytes at hand do not justify.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace qs {

struct ZipError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class ZipMethod : std::uint16_t { stored = 0, deflated = 8 };

struct ZipEntry {
  std::string name;
  ZipMethod method = ZipMethod::stored;
  std::uint32_t crc = 0;
  std::size_t size = 0;               // unpacked
  std::span<const std::byte> packed;  // within the archive
};

// In the order of the central directory. ZipError: the problem, without the file.
std::vector<ZipEntry> zip_entries(std::span<const std::byte> archive, std::size_t entry_limit);
// Checked against size and CRC-32. Takes `entry.size` bytes, whose sum the caller bounds.
std::vector<std::byte> unpacked(const ZipEntry& entry);

// Stored entries without time stamps: equal content gives equal bytes.
class ZipWriter {
 public:
  void add(const std::string& name, std::span<const std::span<const std::byte>> pieces);
  std::vector<std::byte> finish();

 private:
  std::vector<std::byte> archive_;
  std::vector<std::byte> directory_;
  std::uint16_t entries_ = 0;
};

}  // namespace qs

// Archives as numpy.savez_compressed writes them: one entry deflated by zlib, the rest as ours.
#pragma once

#include <zlib.h>

#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "engine/io/npy.h"
#include "engine/io/npz.h"
#include "engine/io/tensors.h"

namespace qs::test {

template <typename... T>
void append_fields(std::string& text, T... values) {
  (text.append(reinterpret_cast<const char*>(&values), sizeof(values)), ...);
}

// A raw deflate stream: what zlib packs without its header of two bytes and its checksum of four.
inline std::string deflated(const std::string& content) {
  uLongf length = compressBound(content.size());
  std::string packed(length, '\0');
  const int outcome = compress2(reinterpret_cast<Bytef*>(packed.data()), &length, reinterpret_cast<const Bytef*>(content.data()), content.size(), 1);
  if (outcome != Z_OK) throw std::runtime_error("zlib does not pack");
  return packed.substr(2, length - 6);
}

struct PackedEntry {
  std::string name, content;
  std::uint16_t method = 8;
  std::string packed = deflated(content);
  std::uint32_t size = static_cast<std::uint32_t>(content.size());
};

inline std::string archive_of(const std::vector<PackedEntry>& entries) {
  std::string archive, directory;
  for (const PackedEntry& entry : entries) {
    const auto begin = static_cast<std::uint32_t>(archive.size());
    const auto crc = static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(entry.content.data()), entry.content.size()));
    const auto packed = static_cast<std::uint32_t>(entry.packed.size());
    const auto name = static_cast<std::uint16_t>(entry.name.size());
    const std::uint16_t version = 20, zero = 0, date = 33;
    append_fields(archive, std::uint32_t{0x04034b50}, version, zero, entry.method, zero, date, crc, packed, entry.size, name, zero);
    archive += entry.name + entry.packed;
    append_fields(directory, std::uint32_t{0x02014b50}, version, version, zero, entry.method, zero, date, crc, packed, entry.size, name, zero, zero,
                  zero, zero, std::uint32_t{0}, begin);
    directory += entry.name;
  }
  const auto begin = static_cast<std::uint32_t>(archive.size()), length = static_cast<std::uint32_t>(directory.size());
  const auto count = static_cast<std::uint16_t>(entries.size());
  archive += directory;
  append_fields(archive, std::uint32_t{0x06054b50}, std::uint16_t{0}, std::uint16_t{0}, count, count, length, begin, std::uint16_t{0});
  return archive;
}

inline std::vector<std::byte> deflated_npz(const TensorFile& tensors) {
  std::vector<PackedEntry> entries;
  for (const NamedTensor& tensor : tensors.tensors) {
    std::string content = npy_header(tensor.type, tensor.shape);
    content.append(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
    entries.push_back({tensor.name + ".npy", content});
  }
  const std::string archive = archive_of(entries);
  const auto bytes = std::as_bytes(std::span(archive));
  return {bytes.begin(), bytes.end()};
}

}  // namespace qs::test

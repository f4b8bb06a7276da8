#include "engine/io/zip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>

#include "engine/io/tensors.h"

namespace qs {
namespace {

constexpr std::uint32_t kLocalMark = 0x04034b50, kCentralMark = 0x02014b50, kEndMark = 0x06054b50;
constexpr std::size_t kLocalBytes = 30, kCentralBytes = 46, kEndBytes = 22;
constexpr std::size_t kCommentLimit = 0xffff;
constexpr std::uint32_t kElsewhere = 0xffffffff;  // the value is in a ZIP64 record
constexpr std::uint16_t kEncrypted = 1;
constexpr std::uint16_t kVersion = 20;       // 2.0: the oldest with folders and deflate
constexpr std::uint16_t kDate = 1 << 5 | 1;  // 1 January 1980, the first day ZIP knows

// Fields of a record at a place known to be inside the archive.
class Record {
 public:
  Record(std::span<const std::byte> archive, std::size_t offset, std::size_t length, const char* what) {
    if (offset > archive.size() || length > archive.size() - offset) throw ZipError(fmt::format("its {} is cut off", what));
    bytes_ = archive.subspan(offset, length);
  }
  template <typename T>
  T at(std::size_t offset) const {
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof(T));
    return value;
  }
  std::string text(std::size_t offset, std::size_t length) const { return {reinterpret_cast<const char*>(bytes_.data()) + offset, length}; }

 private:
  std::span<const std::byte> bytes_;
};

// The last record of the archive, which only a comment may follow.
std::size_t end_record(std::span<const std::byte> archive) {
  for (std::size_t comment = 0; comment <= kCommentLimit && comment + kEndBytes <= archive.size(); ++comment) {
    const std::size_t offset = archive.size() - kEndBytes - comment;
    const Record record(archive, offset, kEndBytes, "directory");
    if (record.at<std::uint32_t>(0) == kEndMark && record.at<std::uint16_t>(20) == comment) return offset;
  }
  throw ZipError("it has no ZIP directory (cut off?)");
}

// The data of an entry follow a second, local header, whose name and extra field have their own lengths.
std::span<const std::byte> packed_data(std::span<const std::byte> archive, std::size_t offset, std::size_t length, const std::string& name) {
  const Record local(archive, offset, kLocalBytes, "local header");
  const std::size_t name_length = local.at<std::uint16_t>(26);
  const std::size_t begin = offset + kLocalBytes + name_length + local.at<std::uint16_t>(28);
  const bool same = local.at<std::uint32_t>(0) == kLocalMark && name_length == name.size() &&
                    Record(archive, offset + kLocalBytes, name_length, "local header").text(0, name_length) == name;
  if (!same) throw ZipError(fmt::format("the entry '{}' is not where the directory says", escaped(name)));
  if (begin > archive.size() || length > archive.size() - begin) throw ZipError(fmt::format("the entry '{}' is cut off", escaped(name)));
  return archive.subspan(begin, length);
}

ZipEntry entry_at(std::span<const std::byte> archive, std::size_t& offset) {
  const Record record(archive, offset, kCentralBytes, "directory");
  if (record.at<std::uint32_t>(0) != kCentralMark) throw ZipError("its directory is damaged");
  const std::size_t name_length = record.at<std::uint16_t>(28);
  ZipEntry entry;
  entry.name = Record(archive, offset + kCentralBytes, name_length, "directory").text(0, name_length);
  offset += kCentralBytes + name_length + record.at<std::uint16_t>(30) + record.at<std::uint16_t>(32);

  const auto method = record.at<std::uint16_t>(10);
  if ((record.at<std::uint16_t>(8) & kEncrypted) != 0) throw ZipError(fmt::format("the entry '{}' is encrypted", escaped(entry.name)));
  if (method != static_cast<std::uint16_t>(ZipMethod::stored) && method != static_cast<std::uint16_t>(ZipMethod::deflated))
    throw ZipError(fmt::format("the entry '{}' is packed by method {} (stored and deflated entries are read)", escaped(entry.name), method));
  const auto packed_bytes = record.at<std::uint32_t>(20), bytes = record.at<std::uint32_t>(24), begin = record.at<std::uint32_t>(42);
  if (packed_bytes == kElsewhere || bytes == kElsewhere || begin == kElsewhere)
    throw ZipError(fmt::format("the entry '{}' lies beyond 4 GiB (ZIP64), which is not read; convert to safetensors", escaped(entry.name)));
  entry.method = static_cast<ZipMethod>(method);
  entry.crc = record.at<std::uint32_t>(16);
  entry.size = bytes;
  entry.packed = packed_data(archive, begin, packed_bytes, entry.name);
  if (entry.method == ZipMethod::stored && entry.size != entry.packed.size())
    throw ZipError(fmt::format("the entry '{}' has two different sizes", escaped(entry.name)));
  return entry;
}

std::vector<std::byte> inflated(const ZipEntry& entry) {
  const auto fail = [&]() -> ZipError { return ZipError(fmt::format("the entry '{}' cannot be unpacked", escaped(entry.name))); };
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw fail();  // negative: raw data without a zlib header
  const std::unique_ptr<z_stream, int (*)(z_stream*)> closer(&stream, inflateEnd);
  std::vector<std::byte> bytes(entry.size);
  std::byte nothing{};  // zlib wants an address even for an empty entry
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(entry.packed.data()));
  stream.avail_in = static_cast<uInt>(entry.packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.empty() ? &nothing : bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  if (inflate(&stream, Z_FINISH) != Z_STREAM_END || stream.avail_in > 0 || stream.avail_out > 0) throw fail();
  return bytes;
}

template <typename... T>
void append(std::vector<std::byte>& bytes, T... values) {
  const auto one = [&](auto value) {
    const auto raw = std::as_bytes(std::span(&value, 1));
    bytes.insert(bytes.end(), raw.begin(), raw.end());
  };
  (one(values), ...);
}

void append_text(std::vector<std::byte>& bytes, const std::string& text) {
  const auto raw = std::as_bytes(std::span(text));
  bytes.insert(bytes.end(), raw.begin(), raw.end());
}

std::uint32_t narrow(std::size_t value) {
  if (value >= kElsewhere) throw ZipError("more than 4 GiB have no place in an .npz file of ours; choose .safetensors");
  return static_cast<std::uint32_t>(value);
}

}  // namespace

std::vector<ZipEntry> zip_entries(std::span<const std::byte> archive, std::size_t entry_limit) {
  const std::size_t end = end_record(archive);
  const Record record(archive, end, kEndBytes, "directory");
  const std::size_t count = record.at<std::uint16_t>(10);
  std::size_t offset = record.at<std::uint32_t>(16);
  if (count > entry_limit) throw ZipError(fmt::format("it has {} entries (the limit is {})", count, entry_limit));
  if (offset == kElsewhere) throw ZipError("it is larger than 4 GiB (ZIP64), which is not read; convert to safetensors");
  std::vector<ZipEntry> entries;
  for (std::size_t i = 0; i < count; ++i) entries.push_back(entry_at(archive.first(end), offset));
  return entries;
}

std::vector<std::byte> unpacked(const ZipEntry& entry) {
  std::vector<std::byte> bytes =
      entry.method == ZipMethod::stored ? std::vector<std::byte>(entry.packed.begin(), entry.packed.end()) : inflated(entry);
  if (crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()) != entry.crc)
    throw ZipError(fmt::format("the entry '{}' does not fit its checksum", escaped(entry.name)));
  return bytes;
}

void ZipWriter::add(const std::string& name, std::span<const std::span<const std::byte>> pieces) {
  uLong crc = crc32_z(0, nullptr, 0);
  std::size_t length = 0;
  for (const auto piece : pieces) {
    if (!piece.empty()) crc = crc32_z(crc, reinterpret_cast<const Bytef*>(piece.data()), piece.size());
    length += piece.size();
  }
  const std::uint32_t begin = narrow(archive_.size()), size = narrow(length);
  constexpr auto method = static_cast<std::uint16_t>(ZipMethod::stored);
  constexpr std::uint16_t utf8_names = 1 << 11, none = 0, time = 0;
  const auto common = [&](std::vector<std::byte>& to) {
    append(to, kVersion, utf8_names, method, time, kDate, static_cast<std::uint32_t>(crc), size, size, static_cast<std::uint16_t>(name.size()), none);
  };
  append(archive_, kLocalMark);
  common(archive_);
  append_text(archive_, name);
  for (const auto piece : pieces) archive_.insert(archive_.end(), piece.begin(), piece.end());

  append(directory_, kCentralMark, kVersion);
  common(directory_);
  append(directory_, none, none, none, std::uint32_t{0}, begin);  // comment, disk, attributes inside and outside
  append_text(directory_, name);
  ++entries_;
}

std::vector<std::byte> ZipWriter::finish() {
  const std::uint32_t begin = narrow(archive_.size()), length = narrow(directory_.size());
  archive_.insert(archive_.end(), directory_.begin(), directory_.end());
  append(archive_, kEndMark, std::uint16_t{0}, std::uint16_t{0}, entries_, entries_, length, begin, std::uint16_t{0});
  return std::move(archive_);
}

}  // namespace qs

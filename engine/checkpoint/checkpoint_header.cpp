#include "engine/checkpoint/checkpoint_header.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>

namespace qs {
namespace {

// As in PNG: a byte above 127 and both line ends, so that a transfer in text mode shows at once.
constexpr std::array<unsigned char, 8> kMagic = {0x89, 'Q', 'S', 'C', '\r', '\n', 0x1a, '\n'};
constexpr std::uint32_t kFormatVersion = 1;
constexpr std::size_t kVersionAt = 8, kHeaderLengthAt = 12, kPayloadLengthAt = 16, kStepAt = 24, kPayloadHashAt = 32, kHeaderHashAt = 504;

void put_number(std::span<std::byte> header, std::size_t at, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) header[at + i] = static_cast<std::byte>(value >> (8 * i));
}

std::uint64_t get_number(std::span<const std::byte> header, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value |= std::to_integer<std::uint64_t>(header[at + i]) << (8 * i);
  return value;
}

XXH128_canonical_t payload_hash(std::span<const std::byte> payload) {
  XXH128_canonical_t canonical{};
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(payload.data(), payload.size()));
  return canonical;
}

XXH64_canonical_t header_hash(std::span<const std::byte> header) {
  XXH64_canonical_t canonical{};
  XXH64_canonicalFromHash(&canonical, XXH3_64bits(header.data(), kHeaderHashAt));
  return canonical;
}

}  // namespace

CheckpointHeader make_checkpoint_header(std::span<const std::byte> payload, std::int64_t step) {
  CheckpointHeader header{};
  std::memcpy(header.data(), kMagic.data(), kMagic.size());
  put_number(header, kVersionAt, kFormatVersion, 4);
  put_number(header, kHeaderLengthAt, kCheckpointHeaderBytes, 4);
  put_number(header, kPayloadLengthAt, payload.size(), 8);
  put_number(header, kStepAt, static_cast<std::uint64_t>(step), 8);
  const XXH128_canonical_t hash = payload_hash(payload);
  std::memcpy(header.data() + kPayloadHashAt, &hash, sizeof hash);
  const XXH64_canonical_t own_hash = header_hash(header);
  std::memcpy(header.data() + kHeaderHashAt, &own_hash, sizeof own_hash);
  return header;
}

bool has_checkpoint_magic(std::span<const std::byte> file) {
  return file.size() >= kMagic.size() && std::memcmp(file.data(), kMagic.data(), kMagic.size()) == 0;
}

Inspection inspect_checkpoint(std::span<const std::byte> file) {
  const auto damaged = [](std::string problem) { return Inspection{Soundness::damaged, std::move(problem)}; };
  if (file.empty()) return damaged("the file is empty");
  if (!has_checkpoint_magic(file)) return damaged("it does not begin like a checkpoint (another kind of file, or damaged)");
  if (file.size() < kCheckpointHeaderBytes)
    return damaged(fmt::format("only {} of the {} bytes of the header are there", file.size(), kCheckpointHeaderBytes));
  const XXH64_canonical_t own_hash = header_hash(file);
  const bool header_fits = std::memcmp(file.data() + kHeaderHashAt, &own_hash, sizeof own_hash) == 0;
  // Asked before the hash counts: another version may keep its hash elsewhere.
  const std::uint64_t version = get_number(file, kVersionAt, 4);
  if (version != kFormatVersion || (header_fits && get_number(file, kHeaderLengthAt, 4) != kCheckpointHeaderBytes)) {
    return {Soundness::another_format,
            fmt::format("its format version {} is not known to this program, which reads version {}{}; use the release that wrote it", version,
                        kFormatVersion, header_fits ? "" : " (or its header is damaged)")};
  }
  if (!header_fits) return damaged("the header's hash does not fit (damaged)");
  const std::uint64_t wanted = get_number(file, kPayloadLengthAt, 8);
  const std::span<const std::byte> payload = file.subspan(kCheckpointHeaderBytes);
  if (payload.size() != wanted)
    return damaged(fmt::format("the data has {} bytes, the header says {} (truncated or extended)", payload.size(), wanted));
  const XXH128_canonical_t hash = payload_hash(payload);
  if (std::memcmp(file.data() + kPayloadHashAt, &hash, sizeof hash) != 0) return damaged("the data's hash does not fit (damaged)");
  return {};
}

std::int64_t checkpoint_step(std::span<const std::byte> file) { return static_cast<std::int64_t>(get_number(file, kStepAt, 8)); }

}  // namespace qs

// Inside engine/checkpoint only: the 512 bytes before the HDF5 image of a checkpoint. All numbers little endian, hashes in canonical (big endian)
// form.
//   0  magic, 8 bytes        8  format version, u32     12  header length, u32     16  payload length, u64
//  24  step, i64            32  XXH3-128 of the payload  48  zeros                504  XXH3-64 of bytes 0..503
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace qs {

constexpr std::size_t kCheckpointHeaderBytes = 512;
using CheckpointHeader = std::array<std::byte, kCheckpointHeaderBytes>;

CheckpointHeader make_checkpoint_header(std::span<const std::byte> payload, std::int64_t step);
bool has_checkpoint_magic(std::span<const std::byte> file);
enum class Soundness {
  sound,
  damaged,         // what a release of any version would call damaged: an older checkpoint may take its place
  another_format,  // perhaps sound for the release that wrote it
};
struct Inspection {
  Soundness soundness = Soundness::sound;
  std::string problem;  // "" if sound
};
// Whether header, length and hash agree. Nothing in the payload is interpreted.
Inspection inspect_checkpoint(std::span<const std::byte> file);
std::int64_t checkpoint_step(std::span<const std::byte> file);  // of a file that inspect_checkpoint found sound

}  // namespace qs

// checkpoint.h5 = 512-byte header (magic, version, lengths, step, XXH3-128 of the payload, XXH3-64 of the header) + plain HDF5 image.
// Write protocol and rotation: README of this folder; the current name never vanishes, prev is always the step before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/io/data_tree.h"

namespace qs {

struct LoadedCheckpoint {
  DataTree tree;
  std::int64_t step = 0;
  std::string path;                    // which file was taken
  std::optional<std::string> warning;  // the current file was damaged and renamed checkpoint.bad.h5, or missing; prev was taken
};

// FileError: the disk refused, and the checkpoints that were there still are. Caller: rank 0 alone, holding the run lock.
void write_checkpoint(const std::string& directory, const DataTree& tree, std::int64_t step);
// Gives the current checkpoint a second name, checkpoint.<label>.h5, that no rotation touches ("step400", "best").
void keep_checkpoint(const std::string& directory, const std::string& label);
// Newest valid of checkpoint.h5 and checkpoint.prev.h5; none if neither exists; CheckpointError if none is valid.
std::optional<LoadedCheckpoint> load_checkpoint(const std::string& directory);
// Any one checkpoint file by name; CheckpointError if it is not sound. Renames nothing.
LoadedCheckpoint read_checkpoint(const std::string& path);
bool is_checkpoint(const std::string& path);  // begins with the magic; says nothing about soundness
// Header and hash only: message "" if sound, else what is wrong.
std::string verify_checkpoint(const std::string& path);

}  // namespace qs

// checkpoint.h5 = 512-byte header (magic, version, lengths, step, XXH3-128 of the payload, XXH3-64 of the header) + plain HDF5 image.
// Write protocol and rotation: README of this folder; the current name never vanishes, prev is always the step before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/hdf5/data_tree.h"

namespace qs {

struct LoadedCheckpoint {
  DataTree tree;
  std::int64_t step = 0;
  std::string path;                    // which file was taken
  std::optional<std::string> warning;  // the current file is damaged or missing; prev was taken
};

// What becomes of a damaged current file when prev is taken. set_aside renames it checkpoint.bad.h5, or the next write would put it in place of the
// good prev: for who goes on to write, under the run lock.
enum class Damaged { leave, set_aside };

// FileError: the disk refused, and the checkpoints that were there still are. Caller: rank 0 alone, holding the run lock.
void write_checkpoint(const std::string& directory, const DataTree& tree, std::int64_t step);
// checkpoint.<label>.h5 alone: neither the current checkpoint nor the one before is touched. FileError.
void write_named_checkpoint(const std::string& directory, const std::string& label, const DataTree& tree, std::int64_t step);
std::string named_checkpoint(const std::string& directory, const std::string& label);  // the file's path; FileError for a label in other use
// Gives the current checkpoint a second name, checkpoint.<label>.h5, that no rotation touches ("step400", "best").
void keep_checkpoint(const std::string& directory, const std::string& label);
// Newest valid of checkpoint.h5 and checkpoint.prev.h5; none if neither exists; CheckpointError if none is valid, or if the current one is of another
// format (then nothing is renamed: its release reads it).
std::optional<LoadedCheckpoint> load_checkpoint(const std::string& directory, Damaged damaged);
// Any one checkpoint file by name; CheckpointError if it is not sound. Renames nothing.
LoadedCheckpoint read_checkpoint(const std::string& path);
bool is_checkpoint(const std::string& path);  // begins with the magic; says nothing about soundness
// Header and hash only: message "" if sound, else what is wrong.
std::string verify_checkpoint(const std::string& path);

}  // namespace qs

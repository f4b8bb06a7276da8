#include "engine/checkpoint/checkpoint_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "engine/base/error.h"
#include "engine/checkpoint/checkpoint_header.h"
#include "engine/files/files.h"
#include "engine/hdf5/hdf5.h"
#include "engine/hdf5/hdf5_child.h"

namespace qs {
namespace {

constexpr std::size_t kCheckpointLimit = std::size_t{1} << 40;  // 1 TiB; what is allocated is the length of the file
constexpr const char* kMissing = "the file is missing";

std::string current_name(const std::string& directory) { return directory + "/checkpoint.h5"; }
std::string previous_name(const std::string& directory) { return directory + "/checkpoint.prev.h5"; }

bool exists(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) return true;
  if (errno == ENOENT) return false;
  throw system_error("inspect", path, errno);
}

void rename_file(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) throw system_error(fmt::format("rename '{}' to", from), to, errno);
}

void unlink_if_present(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw system_error("remove", path, errno);
}

// Twice the size: the new file beside the old one, and as much again for the rows and results of the next interval.
void require_free_space(const std::string& directory, std::size_t bytes) {
  struct statvfs space {};
  // File systems that do not count blocks report none at all; there the write itself is the test.
  if (::statvfs(directory.c_str(), &space) != 0 || space.f_blocks == 0) return;
  const auto available = static_cast<unsigned long long>(space.f_bavail) * space.f_frsize;
  if (available < 2ULL * bytes) {
    throw FileError(fmt::format("cannot write a checkpoint to '{}': {} bytes are free, {} are wanted (twice its size); make room", directory,
                                available, 2ULL * bytes));
  }
}

bool means_no_hard_links(int error_number) {
  return error_number == EPERM || error_number == EOPNOTSUPP || error_number == ENOSYS || error_number == EMLINK || error_number == EXDEV;
}

void put_in_place(const std::string& temporary, const std::string& path) {
  try {
    rename_file(temporary, path);
  } catch (const FileError&) {
    ::unlink(temporary.c_str());
    throw;
  }
}

// A second name for the same bytes; a flushed copy where the file system has no hard links.
void duplicate(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return;
  if (!means_no_hard_links(errno)) throw system_error(fmt::format("link '{}' to", from), to, errno);
  const std::vector<std::byte> content = read_bytes(from, kCheckpointLimit);
  const std::array<std::span<const std::byte>, 1> pieces = {content};
  put_in_place(write_temporary(to, pieces), to);
}

// A complete, flushed file beside `path`, whose name is returned.
std::string write_whole(const std::string& directory, const std::string& path, const DataTree& tree, std::int64_t step) {
  const std::vector<std::byte> payload = to_hdf5_image(tree);
  const CheckpointHeader header = make_checkpoint_header(payload, step);
  require_free_space(directory, header.size() + payload.size());
  const std::array<std::span<const std::byte>, 2> pieces = {std::span<const std::byte>(header), std::span<const std::byte>(payload)};
  return write_temporary(path, pieces);
}

// current becomes prev as well, without its own name ever being absent.
void rotate(const std::string& current, const std::string& previous) {
  if (!exists(current)) return;
  const std::string temporary = fmt::format("{}.tmp.{}", previous, ::getpid());
  unlink_if_present(temporary);  // a crash in the three calls below leaves it, and link would stop at it
  duplicate(current, temporary);
  put_in_place(temporary, previous);
  // After a crash between this rotation and the rename of the new file, current and prev are one inode. POSIX then makes
  // rename a silent no-op that keeps both names, so the temporary one has to be removed here.
  unlink_if_present(temporary);
}

struct Attempt {
  std::optional<LoadedCheckpoint> loaded;
  Inspection inspection;  // why not
};

// A checkpoint may come from anywhere, and a hash is no seal: whoever damages the data on purpose renews it. Hence the child process.
Attempt try_load(const std::string& path) {
  std::vector<std::byte> file = read_bytes(path, kCheckpointLimit);
  Inspection inspection = inspect_checkpoint(file);
  if (inspection.soundness != Soundness::sound) return {std::nullopt, std::move(inspection)};
  const std::int64_t step = checkpoint_step(file);
  file.erase(file.begin(), file.begin() + kCheckpointHeaderBytes);
  constexpr std::size_t slow_disk = 10'000'000;  // bytes per second
  ForeignLimits limits;
  limits.time += std::chrono::seconds(file.size() / slow_disk);
  try {
    DataTree tree = read_foreign_hdf5(std::move(file), path, limits);
    return {LoadedCheckpoint{std::move(tree), step, path, std::nullopt}, {}};
  } catch (const FileError& error) {
    return {std::nullopt, {Soundness::another_format, std::string("its hash fits, but ") + error.what()}};
  }
}

// The bad file gets out of the way of the next rotation, which would put it in place of the good prev.
std::string set_aside(const std::string& directory) {
  const std::string bad = directory + "/checkpoint.bad.h5";
  rename_file(current_name(directory), bad);
  sync_directory(directory);
  return bad;
}

// What to say if the checkpoint before the newest is taken.
std::string excuse(const std::string& directory, const Attempt& newest, Damaged damaged) {
  const std::string current = current_name(directory);
  if (newest.inspection.problem == kMissing) return fmt::format("'{}' is missing; the checkpoint before it was taken", current);
  const std::string fate = damaged == Damaged::set_aside ? fmt::format("it is now '{}', and ", set_aside(directory)) : "";
  return fmt::format("'{}' is damaged ({}); {}the checkpoint before it was taken", current, newest.inspection.problem, fate);
}

}  // namespace

void write_checkpoint(const std::string& directory, const DataTree& tree, std::int64_t step) {
  const std::string current = current_name(directory);
  const std::string temporary = write_whole(directory, current, tree, step);
  try {
    rotate(current, previous_name(directory));
  } catch (const FileError&) {
    ::unlink(temporary.c_str());
    throw;
  }
  put_in_place(temporary, current);
  sync_directory(directory);
}

std::string named_checkpoint(const std::string& directory, const std::string& label) {
  const std::string path = fmt::format("{}/checkpoint.{}.h5", directory, label);
  if (label.empty() || label == "prev" || label == "bad" || label.find('/') != std::string::npos) {
    throw FileError(fmt::format("cannot keep a checkpoint as '{}' (the name is in use for something else)", path));
  }
  return path;
}

void write_named_checkpoint(const std::string& directory, const std::string& label, const DataTree& tree, std::int64_t step) {
  const std::string path = named_checkpoint(directory, label);
  put_in_place(write_whole(directory, path, tree, step), path);
  sync_directory(directory);
}

void keep_checkpoint(const std::string& directory, const std::string& label) {
  const std::string kept = named_checkpoint(directory, label);
  const std::string temporary = fmt::format("{}.tmp.{}", kept, ::getpid());
  unlink_if_present(temporary);
  duplicate(current_name(directory), temporary);
  put_in_place(temporary, kept);
  unlink_if_present(temporary);  // the rename is a no-op if `kept` is this very checkpoint
  sync_directory(directory);
}

std::optional<LoadedCheckpoint> load_checkpoint(const std::string& directory, Damaged damaged) {
  const auto attempt = [](const std::string& path) { return exists(path) ? try_load(path) : Attempt{std::nullopt, {Soundness::damaged, kMissing}}; };
  Attempt newest = attempt(current_name(directory));
  if (newest.loaded) return std::move(newest.loaded);
  if (newest.inspection.soundness == Soundness::another_format) {
    throw CheckpointError(fmt::format("'{}' cannot be used: {}; nothing was changed (move the file away to go on from the checkpoint before it)",
                                      current_name(directory), newest.inspection.problem));
  }
  Attempt older = attempt(previous_name(directory));
  if (older.loaded) {
    older.loaded->warning = excuse(directory, newest, damaged);
    return std::move(older.loaded);
  }
  const std::string &current = newest.inspection.problem, &previous = older.inspection.problem;
  if (current == kMissing && previous == kMissing) return std::nullopt;
  throw CheckpointError(fmt::format(
      "no checkpoint in '{}' can be used: checkpoint.h5: {}; checkpoint.prev.h5: {}; restore one from a backup or start anew with --overwrite",
      directory, current, previous));
}

LoadedCheckpoint read_checkpoint(const std::string& path) {
  Attempt attempt = try_load(path);
  if (!attempt.loaded) throw CheckpointError(fmt::format("checkpoint '{}' cannot be used: {}", path, attempt.inspection.problem));
  return std::move(*attempt.loaded);
}

bool is_checkpoint(const std::string& path) {
  const Descriptor file = open_file(path, O_RDONLY | O_NONBLOCK, "open");
  std::array<std::byte, 8> start{};
  const ssize_t got = ::pread(file.number(), start.data(), start.size(), 0);
  return got == static_cast<ssize_t>(start.size()) && has_checkpoint_magic(start);
}

std::string verify_checkpoint(const std::string& path) { return inspect_checkpoint(read_bytes(path, kCheckpointLimit)).problem; }

}  // namespace qs

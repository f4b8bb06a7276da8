#include "engine/io/checkpoint_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "engine/io/checkpoint_header.h"
#include "engine/io/files.h"
#include "engine/io/hdf5.h"
#include "kernels/api/error.h"

namespace qs {
namespace {

constexpr std::size_t kCheckpointLimit = std::size_t{1} << 40;  // 1 TiB; what is allocated is the length of the file

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

// A second name for the same bytes; a flushed copy where the file system has no hard links.
void duplicate(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return;
  if (!means_no_hard_links(errno)) throw system_error(fmt::format("link '{}' to", from), to, errno);
  const std::vector<std::byte> content = read_bytes(from, kCheckpointLimit);
  const std::array<std::span<const std::byte>, 1> pieces = {content};
  rename_file(write_temporary(to, pieces), to);
}

// current becomes prev as well, without its own name ever being absent.
void rotate(const std::string& current, const std::string& previous) {
  if (!exists(current)) return;
  const std::string temporary = fmt::format("{}.tmp.{}", previous, ::getpid());
  unlink_if_present(temporary);  // a crash in the three calls below leaves it, and link would stop at it
  duplicate(current, temporary);
  try {
    rename_file(temporary, previous);
  } catch (const FileError&) {
    ::unlink(temporary.c_str());
    throw;
  }
  // After a crash between this rotation and the rename of the new file, current and prev are one inode. POSIX then makes
  // rename a silent no-op that keeps both names, so the temporary one has to be removed here.
  unlink_if_present(temporary);
}

struct Attempt {
  std::optional<LoadedCheckpoint> loaded;
  std::string problem;  // why not
};

Attempt try_load(const std::string& path) {
  const std::vector<std::byte> file = read_bytes(path, kCheckpointLimit);
  std::string problem = inspect_checkpoint(file);
  if (!problem.empty()) return {std::nullopt, std::move(problem)};
  try {
    DataTree tree = from_hdf5_image(std::span(file).subspan(kCheckpointHeaderBytes), path);
    return {LoadedCheckpoint{std::move(tree), checkpoint_step(file), path, std::nullopt}, ""};
  } catch (const FileError& error) {
    return {std::nullopt, error.what()};
  }
}

// The bad file gets out of the way of the next rotation, which would put it in place of the good prev.
std::string set_aside(const std::string& directory, const std::string& problem) {
  const std::string current = current_name(directory);
  const std::string bad = directory + "/checkpoint.bad.h5";
  rename_file(current, bad);
  sync_directory(directory);
  return fmt::format("'{}' is not usable ({}); it is now '{}', and the checkpoint before it was taken", current, problem, bad);
}

}  // namespace

void write_checkpoint(const std::string& directory, const DataTree& tree, std::int64_t step) {
  const std::vector<std::byte> payload = to_hdf5_image(tree);
  const CheckpointHeader header = make_checkpoint_header(payload, step);
  require_free_space(directory, header.size() + payload.size());

  const std::string current = current_name(directory);
  const std::array<std::span<const std::byte>, 2> pieces = {std::span<const std::byte>(header), std::span<const std::byte>(payload)};
  const std::string temporary = write_temporary(current, pieces);
  try {
    rotate(current, previous_name(directory));
    rename_file(temporary, current);
  } catch (const FileError&) {
    ::unlink(temporary.c_str());
    throw;
  }
  sync_directory(directory);
}

void keep_checkpoint(const std::string& directory, const std::string& label) {
  const std::string kept = fmt::format("{}/checkpoint.{}.h5", directory, label);
  if (label.empty() || label == "prev" || label == "bad" || label.find('/') != std::string::npos) {
    throw FileError(fmt::format("cannot keep a checkpoint as '{}' (the name is in use for something else)", kept));
  }
  const std::string temporary = fmt::format("{}.tmp.{}", kept, ::getpid());
  unlink_if_present(temporary);
  duplicate(current_name(directory), temporary);
  rename_file(temporary, kept);
  unlink_if_present(temporary);  // the rename is a no-op if `kept` is this very checkpoint
  sync_directory(directory);
}

std::optional<LoadedCheckpoint> load_checkpoint(const std::string& directory) {
  const std::string current = current_name(directory);
  const std::string previous = previous_name(directory);
  const bool has_current = exists(current);
  const bool has_previous = exists(previous);
  if (!has_current && !has_previous) return std::nullopt;

  Attempt newest = has_current ? try_load(current) : Attempt{std::nullopt, "the file is missing"};
  if (newest.loaded) return std::move(newest.loaded);
  Attempt older = has_previous ? try_load(previous) : Attempt{std::nullopt, "the file is missing"};
  if (!older.loaded) {
    throw CheckpointError(
        fmt::format("no checkpoint in '{}' can be used: checkpoint.h5: {}; checkpoint.prev.h5: {}; restore one from a backup or start "
                    "anew with --overwrite",
                    directory, newest.problem, older.problem));
  }
  older.loaded->warning =
      has_current ? set_aside(directory, newest.problem) : fmt::format("'{}' is missing; the checkpoint before it was taken", current);
  return std::move(older.loaded);
}

LoadedCheckpoint read_checkpoint(const std::string& path) {
  Attempt attempt = try_load(path);
  if (!attempt.loaded) throw CheckpointError(fmt::format("checkpoint '{}' cannot be used: {}", path, attempt.problem));
  return std::move(*attempt.loaded);
}

bool is_checkpoint(const std::string& path) {
  const Descriptor file = open_file(path, O_RDONLY | O_NONBLOCK, "open");
  std::array<std::byte, 8> start{};
  const ssize_t got = ::pread(file.number(), start.data(), start.size(), 0);
  return got == static_cast<ssize_t>(start.size()) && has_checkpoint_magic(start);
}

std::string verify_checkpoint(const std::string& path) { return inspect_checkpoint(read_bytes(path, kCheckpointLimit)); }

}  // namespace qs

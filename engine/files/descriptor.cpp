#include "engine/files/descriptor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace qs {
namespace {

FileError not_ours(const std::string& action, const std::string& path, const std::string& reason) {
  return FileError(fmt::format("cannot {} '{}': {}; move it out of the way", action, path, reason));
}

void require_ours_alone(int descriptor, const std::string& action, const std::string& path) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) throw system_error("inspect", path, errno);
  if (!S_ISREG(status.st_mode)) throw not_ours(action, path, "it is not a regular file (a pipe or device)");
  if (status.st_nlink > 1)
    throw not_ours(action, path, fmt::format("it has {} names (hard links), and writing would change them all", status.st_nlink));
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

void Descriptor::close_checked(const std::string& path) {
  // Never retried: after EINTR Linux has released the number already.
  if (::close(std::exchange(number_, -1)) != 0 && errno != EINTR) throw system_error("close", path, errno);
}

FileError system_error(const std::string& action, const std::string& path, int error_number) {
  return FileError(fmt::format("cannot {} '{}': {} [errno {}]", action, path, std::strerror(error_number), error_number));
}

Descriptor open_file(const std::string& path, int flags, const std::string& action) {
  const bool writes = (flags & O_ACCMODE) != O_RDONLY;
  QS_ASSERT(!writes || (flags & O_TRUNC) == 0);
  const int guards = O_CLOEXEC | (writes ? O_NOFOLLOW | O_NONBLOCK : 0);
  int number = -1;
  do {
    number = ::open(path.c_str(), flags | guards, 0666);
  } while (number < 0 && errno == EINTR);
  if (number < 0 && writes && errno == ELOOP) throw not_ours(action, path, "it is a symbolic link, and writing would change the file it points to");
  if (number < 0) throw system_error(action, path, errno);
  Descriptor file(number);
  if (writes) require_ours_alone(number, action, path);
  return file;
}

void write_all(int descriptor, std::span<const std::byte> content, const std::string& path) {
  std::size_t done = 0;
  // A short write is no error yet: the next call tells why (disk full, quota, file size limit).
  while (done < content.size()) {
    const ssize_t written = ::write(descriptor, content.data() + done, content.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw system_error(fmt::format("write {} bytes (stopped after {}) to", content.size(), done), path, errno);
    done += static_cast<std::size_t>(written);
  }
}

void sync_file(int descriptor, const std::string& path) {
  while (::fsync(descriptor) != 0) {
    if (errno != EINTR) throw system_error("flush to disk", path, errno);
  }
}

void sync_directory(const std::string& directory) {
  const Descriptor handle = open_file(directory, O_RDONLY | O_DIRECTORY, "open directory");
  // EINVAL: a file system without directory flushes; its renames are as durable as it can make them.
  if (::fsync(handle.number()) != 0 && errno != EINVAL && errno != EINTR) throw system_error("flush to disk", directory, errno);
}

std::string directory_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

}  // namespace qs

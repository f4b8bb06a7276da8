// A file descriptor that closes itself, and the write loop every file of ours goes through.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "engine/base/error.h"

namespace qs {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();

  int number() const { return number_; }
  void close_checked(const std::string& path);  // some file systems report a failed write only here

 private:
  int number_ = -1;
};

// "cannot <action> '<path>': No space left on device [errno 28]", from the errno given.
FileError system_error(const std::string& action, const std::string& path, int error_number);
// FileError; O_CLOEXEC is added. A file opened for writing must be ours alone: refused is what leads elsewhere or belongs to more than one name (a
// symbolic link, a file with a second hard link) and what is no file (a pipe would wait for its reader). So O_TRUNC has no place in `flags`: it acts
// before anybody could refuse.
Descriptor open_file(const std::string& path, int flags, const std::string& action);
void write_all(int descriptor, std::span<const std::byte> content, const std::string& path);
void sync_file(int descriptor, const std::string& path);
void sync_directory(const std::string& directory);
std::string directory_of(const std::string& path);  // "." if the path has none

}  // namespace qs

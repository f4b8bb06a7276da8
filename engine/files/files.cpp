#include "engine/files/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>

namespace qs {
namespace {

// Fills any contiguous container of bytes; the file may change its size while it is read.
template <typename Container>
Container read_whole(const std::string& path, std::size_t limit_bytes) {
  const Descriptor file = open_file(path, O_RDONLY | O_NONBLOCK, "open");
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) throw system_error("inspect", path, errno);
  if (!S_ISREG(status.st_mode)) throw FileError(fmt::format("cannot read '{}': not a regular file (a directory, pipe or device)", path));
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > limit_bytes) {
    throw FileError(fmt::format("cannot read '{}': {} bytes exceed the limit of {} bytes for this kind of file", path, size, limit_bytes));
  }

  Container content(size, typename Container::value_type{});
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(file.number(), content.data() + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error(fmt::format("read {} bytes of", size), path, errno);
    if (got == 0) throw FileError(fmt::format("cannot read '{}': it became shorter while it was read ({} of {} bytes)", path, done, size));
    done += static_cast<std::size_t>(got);
  }
  return content;
}

// "results.h5" of "results.h5.tmp.4711", and of a temporary copy on the way to that; a name that is none as it is.
std::string name_behind_temporary(const std::string& name) {
  constexpr std::string_view kMark = ".tmp.";
  const std::size_t mark = name.rfind(kMark);
  if (mark == std::string::npos || mark + kMark.size() == name.size()) return name;
  if (name.find_first_not_of("0123456789", mark + kMark.size()) != std::string::npos) return name;
  return name_behind_temporary(name.substr(0, mark));
}

// `path`.tmp.<pid>, or a larger number that is no process's where a killed process with our number (in a container they are few) left that name.
std::string free_temporary_name(const std::string& path) {
  constexpr std::uint64_t beyond_any_process = 1 << 22;  // PID_MAX_LIMIT of Linux
  for (std::uint64_t number = static_cast<std::uint64_t>(::getpid());; number += beyond_any_process) {
    std::string name = fmt::format("{}.tmp.{}", path, number);
    struct stat status {};
    if (::lstat(name.c_str(), &status) != 0) return name;
  }
}

}  // namespace

std::string read_text(const std::string& path, std::size_t limit_bytes) { return read_whole<std::string>(path, limit_bytes); }
std::vector<std::byte> read_bytes(const std::string& path, std::size_t limit_bytes) { return read_whole<std::vector<std::byte>>(path, limit_bytes); }

std::string write_temporary(const std::string& path, std::span<const std::span<const std::byte>> pieces) {
  const std::string name = free_temporary_name(path);
  Descriptor file = open_file(name, O_WRONLY | O_CREAT | O_EXCL, "create");
  try {
    for (const auto piece : pieces) write_all(file.number(), piece, name);
    sync_file(file.number(), name);
    file.close_checked(name);
  } catch (...) {
    ::unlink(name.c_str());
    throw;
  }
  return name;
}

void replace_file(const std::string& path, std::span<const std::byte> content) {
  const std::array<std::span<const std::byte>, 1> pieces = {content};
  const std::string temporary = write_temporary(path, pieces);
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    const int reason = errno;
    ::unlink(temporary.c_str());
    throw system_error("rename the finished temporary file to", path, reason);
  }
  sync_directory(directory_of(path));
}

void replace_file(const std::string& path, std::string_view content) { replace_file(path, std::as_bytes(std::span(content))); }

void remove_stale_temporaries(const std::string& directory, const std::function<bool(const std::string& name)>& ours) {
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(directory, failure)) {
    const std::string name = entry.path().filename().string(), final_name = name_behind_temporary(name);
    if (final_name == name || !ours(final_name)) continue;
    // Never a directory: unlink leaves it where it is.
    if (::unlink(entry.path().c_str()) != 0 && errno != ENOENT && errno != EISDIR)
      throw system_error("remove the left-over temporary file", entry.path().string(), errno);
  }
  if (failure) throw system_error("list directory", directory, failure.value());
}

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) {
    throw FileError("cannot compute SHA-256 (the OpenSSL library refuses the algorithm); check its configuration");
  }
  std::string text;
  for (unsigned int i = 0; i < length; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace qs

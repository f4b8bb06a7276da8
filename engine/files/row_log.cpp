#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "engine/files/files.h"

namespace qs {

struct RowLog::Hasher {
  XXH3_state_t* state = XXH3_createState();

  Hasher() {
    if (state == nullptr) throw std::bad_alloc();
    XXH3_64bits_reset(state);
  }
  ~Hasher() { XXH3_freeState(state); }
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
};

namespace {

constexpr std::size_t kReadBlock = 1 << 16;

// Feeds the first `length` bytes of the file; returns how many there were.
std::int64_t hash_prefix(int descriptor, std::int64_t length, XXH3_state_t* state, const std::string& path) {
  std::vector<std::byte> block(kReadBlock);
  std::int64_t done = 0;
  while (done < length) {
    const auto wanted = std::min<std::int64_t>(length - done, static_cast<std::int64_t>(kReadBlock));
    const ssize_t got = ::pread(descriptor, block.data(), static_cast<std::size_t>(wanted), done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error("read", path, errno);
    if (got == 0) break;
    XXH3_64bits_update(state, block.data(), static_cast<std::size_t>(got));
    done += got;
  }
  return done;
}

}  // namespace

RowLog::RowLog(std::string path, std::int64_t keep_bytes, std::uint64_t expected_hash) : path_(std::move(path)), hasher_(std::make_unique<Hasher>()) {
  if (keep_bytes < 0) {
    descriptor_ = open_file(path_, O_RDWR | O_CREAT | O_APPEND, "create");
    if (::ftruncate(descriptor_.number(), 0) != 0) throw system_error("empty", path_, errno);
    sync_directory(directory_of(path_));  // a checkpoint that counts its rows must not outlive the name
    return;
  }
  descriptor_ = open_file(path_, O_RDWR | O_APPEND | (keep_bytes == 0 ? O_CREAT : 0), "continue");
  const std::int64_t present = hash_prefix(descriptor_.number(), keep_bytes, hasher_->state, path_);
  if (present < keep_bytes) {
    throw FileError(fmt::format("'{}' has {} bytes but the checkpoint counts {} (rows were lost); restore the file or start anew with --overwrite",
                                path_, present, keep_bytes));
  }
  if (hash() != expected_hash) {
    throw FileError(
        fmt::format("the first {} bytes of '{}' are not those the checkpoint knows (hash {:016x}, expected {:016x}: the file was "
                    "edited or replaced); restore it or start anew with --overwrite",
                    keep_bytes, path_, hash(), expected_hash));
  }
  // Rows after the checkpoint will be written again by the steps that are repeated.
  if (::ftruncate(descriptor_.number(), keep_bytes) != 0) throw system_error(fmt::format("truncate to {} bytes", keep_bytes), path_, errno);
  bytes_ = keep_bytes;
}

RowLog::~RowLog() = default;

void RowLog::append(std::string_view row) {
  std::string line(row);
  line += '\n';
  try {
    write_all(descriptor_.number(), std::as_bytes(std::span(line)), path_);
  } catch (const FileError&) {
    // If this fails as well, the next resume truncates: only whole rows are counted.
    [[maybe_unused]] const int ignored = ::ftruncate(descriptor_.number(), bytes_);
    throw;
  }
  XXH3_64bits_update(hasher_->state, line.data(), line.size());
  bytes_ += static_cast<std::int64_t>(line.size());
}

std::uint64_t RowLog::hash() const { return XXH3_64bits_digest(hasher_->state); }

void RowLog::sync() { sync_file(descriptor_.number(), path_); }

}  // namespace qs

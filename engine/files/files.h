// Files that are never half-written. Every function throws FileError with name, wanted bytes and errno text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/files/descriptor.h"

namespace qs {

// Regular files only: a pipe or a device could block or never end.
std::string read_text(const std::string& path, std::size_t limit_bytes);
std::vector<std::byte> read_bytes(const std::string& path, std::size_t limit_bytes);

// tmp in the same directory, write loop, fsync, rename, fsync directory.
void replace_file(const std::string& path, std::span<const std::byte> content);
void replace_file(const std::string& path, std::string_view content);

// The first half of replace_file: a complete, flushed `path`.tmp.<number>, whose name is returned. Removed again on failure.
// Several pieces are written one after the other, so that a header needs no copy of its payload.
std::string write_temporary(const std::string& path, std::span<const std::span<const std::byte>> pieces);
// What write_temporary left for a file of `directory` when its process was killed, for those names that are `ours`. Only under the run lock: nobody
// else may be writing.
void remove_stale_temporaries(const std::string& directory, const std::function<bool(const std::string& name)>& ours);

// Append-only row log (trace/02_vmc.csv). Knows its length and hash so that a resume can verify and truncate.
class RowLog {
 public:
  // keep_bytes < 0: a fresh log; whether an existing file may go is the caller's question and is settled by then.
  // keep_bytes >= 0: opens and truncates to that many bytes after checking the XXH3-64 of the prefix.
  RowLog(std::string path, std::int64_t keep_bytes, std::uint64_t expected_hash);
  ~RowLog();
  RowLog(const RowLog&) = delete;
  RowLog& operator=(const RowLog&) = delete;
  void append(std::string_view row);  // adds '\n'; flushed to the OS; a row that fails leaves no part of itself behind
  std::int64_t bytes() const { return bytes_; }
  std::uint64_t hash() const;  // of all bytes so far
  void sync();

 private:
  struct Hasher;
  std::string path_;
  Descriptor descriptor_;
  std::int64_t bytes_ = 0;
  std::unique_ptr<Hasher> hasher_;
};

// flock on DIR/run.lock with host, pid and job id inside. FileError naming the holder if taken, or if run.lock is no lock of ours: then it is not
// touched. Where the file system has no flock, the text inside decides: a holder on this host must be alive, one elsewhere is believed.
class RunLock {
 public:
  static constexpr const char* file_name = "run.lock";
  explicit RunLock(const std::string& directory);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  Descriptor descriptor_;
};

std::string sha256_hex(std::string_view bytes);

}  // namespace qs

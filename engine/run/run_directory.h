// The directory of a run: names of its files, who may write there, what happens to what is already there. Root only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/io/files.h"

namespace qs {

// Public interface: scripts rely on these names.
namespace file_names {
inline constexpr const char* results = "results.h5";
inline constexpr const char* checkpoint = "checkpoint.h5";
inline constexpr const char* previous_checkpoint = "checkpoint.prev.h5";
inline constexpr const char* traces = "trace";  // a folder: one table a stage
inline constexpr const char* summary = "summary.json";
inline constexpr const char* status = "status.json";
inline constexpr const char* log = "run.log";
inline constexpr const char* input = "input.yaml";  // as resolved, with --set
inline constexpr const char* original_input = "input.original.yaml";
inline constexpr const char* stop_request = "STOP";
inline constexpr const char* checkpoint_request = "CHECKPOINT";
}  // namespace file_names

enum class Existing {
  refuse,             // outputs of an earlier run are an error
  overwrite,          // they are removed
  resume,             // a checkpoint must be there
  resume_if_present,  // resume from a checkpoint if there is one, else start over (job scripts)
};

class RunDirectory {
 public:
  // Creates the directory, takes its lock, applies `existing`. FileError: cannot be created, written or locked. InputError: outputs that may
  // not be overwritten. CheckpointError: nothing to resume.
  RunDirectory(std::string path, Existing existing);

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  bool resuming() const { return resuming_; }
  // input.yaml as the run understands it now and, unless resuming (they are there already), the user's bytes, unchanged, beside it.
  void write_input(std::string_view resolved, std::string_view original) const;
  // Where the table of a stage goes: "trace/02_vmc.csv". The folder is made; FileError if it cannot be, or leads out of the run directory.
  std::string trace_file(const std::string& group) const;
  // Names of the run's outputs that exist now.
  std::vector<std::string> present() const;

 private:
  bool has_checkpoint() const;

  std::string path_;
  std::unique_ptr<RunLock> lock_;  // also drops temporary files of a killed process
  bool resuming_ = false;
};

// The table of one stage: a header, then one row per step.
class TraceFile {
 public:
  // A new table.
  TraceFile(const std::string& path, const std::vector<std::string>& columns);
  // Goes on with the first keep_bytes of a table, which must have the hash that the checkpoint remembers.
  TraceFile(const std::string& path, std::int64_t keep_bytes, std::uint64_t hash) : log_(path, keep_bytes, hash) {}
  // Shortest text that reads back as the same number; non-finite values are empty cells.
  void append(const std::vector<double>& values);
  RowLog& log() { return log_; }

 private:
  RowLog log_;
};

}  // namespace qs

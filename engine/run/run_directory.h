// The directory of a run: who may write there, what happens to what is already there. Root only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/files/files.h"
#include "engine/files/run_files.h"

namespace qs {

enum class Existing {
  refuse,             // outputs of an earlier run are an error
  overwrite,          // they are removed
  resume,             // a checkpoint must be there
  resume_if_present,  // resume from a checkpoint if there is one, else start over (job scripts)
};

class RunDirectory {
 public:
  // Creates the directory, takes its lock, drops temporary files of a killed run, judges what is there by `existing`. FileError: cannot be created,
  // written or locked. InputError: a folder of the system or of all users, or outputs that may not be overwritten. CheckpointError: nothing to
  // resume.
  RunDirectory(std::string path, Existing existing);

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  bool resuming() const { return resuming_; }
  // Writes input.yaml, as the run understands it (`copy`), unless the user's own file of that name stands there. Unless resuming: writes the user's
  // bytes, unchanged, beside it and removes the outputs of an earlier run. InputError if an input.yaml is there that no run has written.
  void begin(std::string_view copy, std::string_view original) const;
  // The folder of that (relative) name, made if absent. FileError if a link on the way leads out of the directory.
  std::string folder(const std::string& name) const;
  // Where the table of a stage goes: "trace/02_vmc.csv". The folder is made; FileError as for folder().
  std::string trace_file(const std::string& group) const;
  // Names of the run's outputs that exist now.
  std::vector<std::string> present() const;

 private:
  enum class Outputs { stay, may_go };
  bool has_checkpoint() const;
  void judge(Existing existing, Outputs old) const;

  std::string path_;
  std::unique_ptr<RunLock> lock_;
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

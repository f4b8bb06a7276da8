// The files that only the root of a run has open: its directory, status.json, the table of the present stage, results.h5 and summary.json.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/run/results.h"
#include "engine/run/run_directory.h"

namespace qs {

class RootFiles {
 public:
  // Takes the directory, as RunDirectory does, and writes the input there: `copy` as the run understands it, and the user's own bytes.
  RootFiles(const std::string& directory, Existing existing, const std::string& copy, const std::string& original, const Clock& clock);

  const RunDirectory& directory() const { return directory_; }
  std::string file(const std::string& name) const { return directory_.file(name); }

  // The table of a stage, new; a stage that says nothing of its steps (columns: only the step) has none.
  void begin_trace(const std::string& group, const std::vector<std::string>& columns);
  // The table as the state of a resumed run knows it.
  void resume_trace(const std::string& group, const RunState& state);
  void append(const std::vector<double>& row);
  void end_trace();
  TraceFile* trace() { return trace_ ? &*trace_ : nullptr; }  // of the present stage, if it has one

  void update_status(const Status& status) { status_.update(status); }
  void write_status(const Status& status) { status_.write(status); }
  // Before there is a state to tell of.
  void mark_failed(ExitCode code, const std::string& reason) const noexcept;

  // results.h5 and summary.json.
  void write_outputs(const ResultsContext& context, const RunState& state, const Reporter& reporter, RunPhase phase) const;

 private:
  RunDirectory directory_;
  Clock clock_;
  StatusFile status_;
  std::optional<TraceFile> trace_;
};

}  // namespace qs

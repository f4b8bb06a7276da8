// status.json: where a run stands, for scripts and for `status DIR`. summary.json: what it found.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/job/clock.h"

namespace qs {

enum class RunPhase { starting, running, finished, stopped, failed };
std::string phase_name(RunPhase phase);

struct Status {
  RunPhase state = RunPhase::starting;
  std::optional<int> exit_code = {};  // once known
  std::string stage = {};             // "02_vmc"
  std::int64_t step = 0, steps = 0;
  std::vector<std::pair<std::string, std::string>> shown = {};  // as in the progress line: ("E/N", "-0.5023(4)"), ...
  double seconds_per_step = 0;                                  // 0: not yet known
  std::string checkpoint = {};                                  // path, "" while there is none
  std::string resume_command = {};                              // what to type to go on, "" if nothing is left to do
  std::string message = {};                                     // why it ended, "" otherwise
};

nlohmann::json status_json(const Status& status, const Clock& clock);

// The status.json of a run directory. FileError if there is none or it is not one.
nlohmann::json read_status(const std::string& directory);
// One line for people: "runs/a: running, vmc 120/300, E/N -0.5023(4), about 56 s left (12 s ago)". Says so if a running job has been silent for long.
std::string status_line(const std::string& directory, const nlohmann::json& status, const Clock& clock);

// Replaces the file atomically. A status that cannot be written never ends a run (the trace and the checkpoint report a full disk):
// problem() says what went wrong last, "" if the newest write succeeded.
class StatusFile {
 public:
  StatusFile(std::string path, Clock clock) : path_(std::move(path)), clock_(std::move(clock)) {}
  // Writes if the last write is at least 2 s ago or the state has changed.
  void update(const Status& status);
  // Writes at once.
  void write(const Status& status);
  const std::string& problem() const { return problem_; }

 private:
  std::string path_;
  Clock clock_;
  std::optional<double> written_;
  RunPhase written_state_ = RunPhase::starting;
  std::string problem_;
};

// Rewrites status.json as failed, keeping what it says of stage and step; for those who cannot ask the run. Never throws.
void mark_failed(const std::string& path, ExitCode code, const std::string& message, const Clock& clock) noexcept;

// Ends a process whose run hangs, from any thread: a line on standard error, status.json as failed.
[[noreturn]] void end_hung_run(const std::string& directory, const std::string& reason, const Clock& clock);

// Writes any JSON document whole or not at all; NaN and infinities become null, invalid UTF-8 is replaced. FileError if it cannot.
void write_json(const std::string& path, const nlohmann::json& document);

}  // namespace qs

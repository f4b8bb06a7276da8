#include "engine/report/status.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "engine/base/text.h"
#include "engine/files/files.h"
#include "engine/files/run_files.h"

namespace qs {

std::string phase_name(RunPhase phase) {
  constexpr const char* names[] = {"starting", "running", "finished", "stopped", "failed"};
  return names[static_cast<int>(phase)];
}

namespace {

nlohmann::json text_or_null(const std::string& text) { return text.empty() ? nlohmann::json(nullptr) : nlohmann::json(text); }

}  // namespace

nlohmann::json status_json(const Status& status, const Clock& clock) {
  nlohmann::json json = {{"format", 1},
                         {"state", phase_name(status.state)},
                         {"exit_code", status.exit_code ? nlohmann::json(*status.exit_code) : nlohmann::json(nullptr)},
                         {"stage", text_or_null(status.stage)},
                         {"step", status.step},
                         {"steps", status.steps},
                         {"checkpoint", text_or_null(status.checkpoint)},
                         {"resume_command", text_or_null(status.resume_command)},
                         {"message", text_or_null(status.message)},
                         {"updated", utc_text(clock.unix_seconds())},
                         {"seconds_per_step", status.seconds_per_step > 0 ? nlohmann::json(status.seconds_per_step) : nlohmann::json(nullptr)},
                         {"shown", nlohmann::json::object()}};
  for (const auto& [name, value] : status.shown) json["shown"][name] = value;
  return json;
}

nlohmann::json read_status(const std::string& directory) {
  constexpr std::size_t size_limit = 1 << 20;
  const std::string path = directory + "/" + file_names::status;
  nlohmann::json status = nlohmann::json::parse(read_text(path, size_limit), nullptr, /*allow_exceptions=*/false);
  if (!status.is_object() || !status.value("state", nlohmann::json()).is_string())
    throw FileError(
        fmt::format("'{}' is not the status of a run (it is damaged, or another program's); see {} in the same folder", path, file_names::log));
  return status;
}

namespace {

// The members of a file that anybody may have written: what is missing or of another type counts as absent.
std::string text_of(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

double number_of(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : 0;
}

std::string progress_of(const nlohmann::json& status) {
  std::string text;
  const std::string stage = text_of(status, "stage");
  const double step = number_of(status, "step"), steps = number_of(status, "steps");
  if (!stage.empty()) text += fmt::format(", {} {:.0f}/{:.0f}", stage, step, steps);
  const nlohmann::json shown = status.value("shown", nlohmann::json::object());
  for (const auto& [name, value] : shown.items())
    if (value.is_string()) text += fmt::format(", {} {}", name, value.get<std::string>());
  return text;
}

}  // namespace

std::string status_line(const std::string& directory, const nlohmann::json& status, const Clock& clock) {
  constexpr double silent_for_long = 600;  // seconds; slower steps than this are rare, and the stamp says how long it is
  const std::string state = text_of(status, "state");
  std::string line = fmt::format("{}: {}{}", directory, state, progress_of(status));
  const bool under_way = state == phase_name(RunPhase::running) || state == phase_name(RunPhase::starting);
  if (under_way) {
    const double left = (number_of(status, "steps") - number_of(status, "step")) * number_of(status, "seconds_per_step");
    if (left > 0) line += fmt::format(", about {} left in this stage", duration_text(left));
  } else if (number_of(status, "exit_code") != 0) {
    line += fmt::format(" (exit code {:.0f})", number_of(status, "exit_code"));
  }
  if (const std::string why = text_of(status, "message"); !why.empty()) line += ": " + why;
  if (const std::string next = text_of(status, "resume_command"); !next.empty() && !under_way) line += "; go on with: " + next;
  if (const auto written = unix_time(text_of(status, "updated"))) {
    const double age = static_cast<double>(clock.unix_seconds() - *written);
    line += fmt::format(" ({} ago{})", duration_text(age), under_way && age > silent_for_long ? ": it may have died; see run.log" : "");
  }
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

void StatusFile::update(const Status& status) {
  constexpr double shortest_interval = 2;  // seconds: watchers need no more, and each write is an fsync
  const bool due = !written_ || status.state != written_state_ || clock_.seconds() - *written_ >= shortest_interval;
  if (due) write(status);
}

void StatusFile::write(const Status& status) {
  written_ = clock_.seconds();
  written_state_ = status.state;
  try {
    write_json(path_, status_json(status, clock_));
    problem_.clear();
  } catch (const FileError& error) {
    problem_ = error.what();
  }
}

void mark_failed(const std::string& path, ExitCode code, const std::string& message, const Clock& clock) noexcept {
  constexpr std::size_t size_limit = 1 << 20;
  try {
    nlohmann::json json = nlohmann::json::parse(read_text(path, size_limit));
    json["state"] = phase_name(RunPhase::failed);
    json["exit_code"] = static_cast<int>(code);
    json["message"] = message;
    json["updated"] = utc_text(clock.unix_seconds());
    write_json(path, json);
  } catch (const std::exception&) {
    // The line on the screen has said it already.
  }
}

void end_hung_run(const std::string& directory, const std::string& reason, const Clock& clock) {
  constexpr ExitCode code = ExitCode::watchdog;
  const std::string line =
      printable(fmt::format("qstage-vmc: error: the job hangs: {}; go on from the last checkpoint with: qstage-vmc resume {}\n", reason, directory));
  // First, because a file system may be what hangs; not by the stream, whose lock the main thread may hold.
  [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, line.data(), line.size());
  mark_failed(directory + "/" + file_names::status, code, reason, clock);
  ::_exit(static_cast<int>(code));
}

void write_json(const std::string& path, const nlohmann::json& document) {
  replace_file(path, document.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace qs

#include "engine/run/status.h"

#include "engine/io/files.h"

namespace qs {

std::string phase_name(RunPhase phase) {
  switch (phase) {
    case RunPhase::starting:
      return "starting";
    case RunPhase::running:
      return "running";
    case RunPhase::finished:
      return "finished";
    case RunPhase::stopped:
      return "stopped";
    case RunPhase::failed:
      return "failed";
  }
  QS_ASSERT(false);
  return "";
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
                         {"values", nlohmann::json::object()}};
  for (const auto& [name, value] : status.values) json["values"][name] = value;
  return json;
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

void write_json(const std::string& path, const nlohmann::json& document) {
  replace_file(path, document.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace qs

#include "engine/report/reporter.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string_view>

#include "engine/base/text.h"

namespace qs {

namespace {

constexpr const char* erase_to_end = "\r\033[K";

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

int terminal_columns(int descriptor) {
  constexpr int usual = 80;
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual;
}

// Open MPI gives its ranks a pseudo-terminal even where its own output goes to a file, so under it the launcher's descriptor decides.
bool shown_on_terminal(int descriptor) {
  if (::isatty(descriptor) == 0) return false;
  if (environment("OMPI_COMM_WORLD_RANK").empty()) return true;
  std::error_code unreadable;
  const std::string launcher = fmt::format("/proc/{}/fd/{}", ::getppid(), descriptor);
  const std::string target = std::filesystem::read_symlink(launcher, unreadable).string();
  return target.starts_with("/dev/pts/") || target.starts_with("/dev/tty");
}

// The first `columns` characters of a UTF-8 text (continuation bytes 10xxxxxx take no column).
std::string_view fitting(std::string_view text, int columns) {
  std::size_t end = 0;
  for (int used = 0; end < text.size(); ++end) {
    const bool starts_character = (static_cast<unsigned char>(text[end]) & 0xC0u) != 0x80u;
    if (starts_character && ++used > columns) break;
  }
  return text.substr(0, end);
}

std::string dump(const nlohmann::json& json) { return json.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace); }

std::string json_row(const ProgressRow& row, const std::string& time) {
  nlohmann::json shown = nlohmann::json::object();
  for (const auto& [name, value] : row.shown) shown[name] = value;
  return dump({{"time", time},
               {"level", "progress"},
               {"stage", row.stage},
               {"step", row.step},
               {"steps", row.steps},
               {"shown", shown},
               {"seconds_per_step", row.seconds_per_step}});
}

}  // namespace

ReporterOptions options_for_terminal(int descriptor, double interval, LogFormat format) {
  ReporterOptions options;
  options.interval = interval;
  if (format == LogFormat::json) {
    options.style = ProgressStyle::json;
    return options;
  }
  const std::string_view kind = environment("TERM");
  if (!shown_on_terminal(descriptor) || kind.empty() || kind == "dumb") return options;
  options.style = ProgressStyle::line;
  options.columns = terminal_columns(descriptor);
  options.colour = environment("NO_COLOR").empty() ? Colour::ansi : Colour::none;
  return options;
}

std::string progress_text(const ProgressRow& row) {
  std::string text = fmt::format("{} {}/{}", row.stage, row.step, row.steps);
  for (const auto& [name, value] : row.shown) text += fmt::format("  {} {}", name, value);
  if (row.seconds_per_step > 0) {
    text += fmt::format("  {:.3g} s/step", row.seconds_per_step);
    if (row.step < row.steps) text += "  ETA " + duration_text(static_cast<double>(row.steps - row.step) * row.seconds_per_step);
  }
  return text;
}

Reporter::Reporter(ReporterOptions options, std::ostream* screen, std::unique_ptr<RunLog> log, Clock clock)
    : options_(options), screen_(screen), log_(std::move(log)), clock_(std::move(clock)), started_(clock_.seconds()) {}

void Reporter::begin_stage(const std::string& name, int index, int stages, std::int64_t first_step, std::int64_t steps) {
  row_ = {.stage = name, .index = index, .stages = stages, .step = first_step, .steps = steps, .shown = {}, .seconds_per_step = 0};
  rate_.begin(clock_.seconds());
  nothing_shown_ = true;
  const std::string resumed = first_step > 0 ? fmt::format(", resumed after step {}", first_step) : "";
  note(fmt::format("stage {} of {}: {}, {} step{}{}", index + 1, stages, name, steps, steps == 1 ? "" : "s", resumed));
}

void Reporter::row(std::int64_t step, std::vector<std::pair<std::string, std::string>> shown) {
  row_time_ = clock_.seconds();
  if (step > row_.step) rate_.finish(step - row_.step, row_time_);
  row_.seconds_per_step = rate_.seconds_per_step();
  row_.step = step;
  row_.shown = std::move(shown);
  show_row();
}

void Reporter::show_row() {
  const bool forced = nothing_shown_ || is_last();
  if (options_.style == ProgressStyle::line && screen_ && (forced || row_time_ - drawn_time_ >= options_.redraw)) {
    drawn_time_ = row_time_;
    draw_line();
  }
  if (!forced && row_time_ - shown_time_ < options_.interval) return;
  nothing_shown_ = false;
  shown_time_ = row_time_;
  const std::string time = utc_text(clock_.unix_seconds());
  const std::string text = fmt::format("{}  {}", time, progress_text(row_));
  if (log_) log_->line(text);
  if (!screen_ || options_.style == ProgressStyle::line) return;
  *screen_ << (options_.style == ProgressStyle::json ? json_row(row_, time) : text) << '\n' << std::flush;
}

void Reporter::end_stage(const std::map<std::string, double>& phase_seconds) {
  for (const auto& [phase, seconds] : phase_seconds) seconds_[row_.stage + "/" + phase] += seconds;
  if (!line_is_drawn_) return;
  *screen_ << '\n' << std::flush;  // the last state of the line stays
  line_is_drawn_ = false;
}

void Reporter::note(const std::string& text) { message("note", text); }

void Reporter::warn(const std::string& text) {
  const auto known = std::find_if(warnings_.begin(), warnings_.end(), [&](const CountedMessage& w) { return w.text == text; });
  if (known != warnings_.end()) {
    ++known->count;
    return;
  }
  warnings_.push_back({text, 1});
  message("warning", text);
}

void Reporter::log_lines(const std::vector<std::string>& lines) {
  if (!log_) return;
  for (const std::string& line : lines) log_->line(line);
}

void Reporter::close(std::vector<std::string> files) {
  log_lines(log_footer({wall_seconds(), seconds_, warnings_, std::move(files)}));
  for (const CountedMessage& warning : warnings_) {
    if (warning.count > 1 && screen_) message("note", fmt::format("{} times: {}", warning.count, warning.text));
  }
  if (log_ && !log_->problem().empty()) message("warning", log_->problem());
}

Reporter::PhaseTimer Reporter::time_phase(const std::string& phase) { return {seconds_[phase], clock_}; }

void Reporter::message(std::string_view level, const std::string& said) {
  const std::string text = printable(said);
  const std::string time = utc_text(clock_.unix_seconds());
  const std::string prefix = level == "note" ? "" : fmt::format("{}: ", level);
  if (log_) log_->line(fmt::format("{}  {}{}", time, prefix, text));
  if (!screen_) return;
  if (options_.style == ProgressStyle::json) {
    *screen_ << dump({{"time", time}, {"level", level}, {"text", text}}) << '\n' << std::flush;
    return;
  }
  const bool redraw = line_is_drawn_;
  erase_line();
  const bool yellow = options_.colour == Colour::ansi && level == "warning";
  *screen_ << (yellow ? "\033[33m" : "") << prefix << (yellow ? "\033[0m" : "") << text << '\n';
  if (redraw) draw_line();
  screen_->flush();
}

void Reporter::erase_line() {
  if (line_is_drawn_) *screen_ << erase_to_end;
  line_is_drawn_ = false;
}

void Reporter::draw_line() {
  // One column stays free: a full line would wrap, and the next redraw would leave it standing.
  const std::string text = progress_text(row_);
  const std::string_view seen = fitting(text, options_.columns - 1);
  *screen_ << erase_to_end;
  if (options_.colour == Colour::ansi) {
    const std::size_t name = std::min(row_.stage.size(), seen.size());
    *screen_ << "\033[1m" << seen.substr(0, name) << "\033[0m" << seen.substr(name);
  } else {
    *screen_ << seen;
  }
  *screen_ << std::flush;
  line_is_drawn_ = true;
}

}  // namespace qs

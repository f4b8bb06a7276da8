// What a run says while it works: progress, notes, warnings, times. One Reporter per rank; those of other ranks than the root have neither
// screen nor log and stay silent, so callers never branch on the rank.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/job/clock.h"
#include "engine/report/log.h"
#include "engine/report/step_rate.h"

namespace qs {

// line: one redrawn line, for terminals. rows: a plain row every `interval` seconds. json: the same rows and messages, one JSON object a line.
enum class ProgressStyle { line, rows, json };
enum class Colour { none, ansi };

struct ReporterOptions {
  ProgressStyle style = ProgressStyle::rows;
  Colour colour = Colour::none;
  double interval = 10;  // seconds between plain rows, on the screen and in the log (log.every)
  double redraw = 0.1;   // seconds between redrawn lines
  int columns = 100;     // width of the terminal
};

enum class LogFormat { text, json };
// Style, colour and width for a file descriptor: redrawn line only on a terminal that can move its cursor (TERM is not "dumb"); colour only
// there and never under a non-empty NO_COLOR (no-color.org).
ReporterOptions options_for_terminal(int descriptor, double interval, LogFormat format);

// The state of a stage as the user sees it.
struct ProgressRow {
  std::string stage = {};                                       // "02_vmc"
  int index = 0, stages = 0;                                    // position of the stage, number of stages
  std::int64_t step = 0, steps = 0;                             // finished steps
  std::vector<std::pair<std::string, std::string>> shown = {};  // ("E/N", "-0.5023(4)"), ("variance", "0.012"), ...
  double seconds_per_step = 0;                                  // 0: not yet known
};
// "02_vmc 120/300  E/N -0.5023(4)  variance 0.012  0.31 s/step  ETA 56 s"
std::string progress_text(const ProgressRow& row);

class Reporter {
 public:
  // screen and log may be null: nothing is shown, nothing is logged. `screen` must outlive the reporter.
  Reporter(ReporterOptions options, std::ostream* screen, std::unique_ptr<RunLog> log, Clock clock);

  // `first_step` > 0 when resuming. index counts from 0.
  void begin_stage(const std::string& name, int index, int stages, std::int64_t first_step, std::int64_t steps);
  // After `step` steps are finished. Cheap when nothing is due; the first and the last row of a stage are always due.
  void row(std::int64_t step, std::vector<std::pair<std::string, std::string>> shown);
  // Ends the stage; its phases ("sample" -> seconds) enter the times as "02_vmc/sample".
  void end_stage(const std::map<std::string, double>& phase_seconds);

  void note(const std::string& text);
  // Said once; equal ones are counted.
  void warn(const std::string& text);
  // Lines for the log alone (the header).
  void log_lines(const std::vector<std::string>& lines);
  // Ends the log: times by phase, warnings with counts, files. Shown on the screen: the warnings that came more than once.
  void close(std::vector<std::string> files);

  // Adds the life of the returned value to the times: const auto timing = reporter.time_phase("checkpoint");
  class PhaseTimer;
  [[nodiscard]] PhaseTimer time_phase(const std::string& phase);

  const std::vector<CountedMessage>& warnings() const { return warnings_; }
  const std::map<std::string, double>& seconds() const { return seconds_; }
  double wall_seconds() const { return clock_.seconds() - started_; }
  const ProgressRow& current() const { return row_; }

 private:
  bool is_last() const { return row_.step >= row_.steps; }
  void show_row();
  void message(std::string_view level, const std::string& text);
  void erase_line();
  void draw_line();

  ReporterOptions options_;
  std::ostream* screen_;
  std::unique_ptr<RunLog> log_;
  Clock clock_;
  double started_;
  ProgressRow row_;
  StepRate rate_;
  double row_time_ = 0;  // when the last row arrived
  double shown_time_ = 0, drawn_time_ = 0;
  bool nothing_shown_ = true;   // in this stage
  bool line_is_drawn_ = false;  // the cursor stands behind a progress line
  std::vector<CountedMessage> warnings_;
  std::map<std::string, double> seconds_;
};

class Reporter::PhaseTimer {
 public:
  PhaseTimer(double& total, const Clock& clock) : total_(total), clock_(clock), start_(clock.seconds()) {}
  ~PhaseTimer() { total_ += clock_.seconds() - start_; }
  PhaseTimer(const PhaseTimer&) = delete;
  PhaseTimer& operator=(const PhaseTimer&) = delete;

 private:
  double& total_;
  const Clock& clock_;
  double start_;
};

}  // namespace qs

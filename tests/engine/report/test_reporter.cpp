#include "engine/report/reporter.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/temporary_directory.h"

namespace qs {
namespace {

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) all.push_back(line);
  return all;
}

Reporter make_reporter(ReporterOptions options, std::ostream& screen, const HandClock& time) { return {options, &screen, nullptr, time.clock()}; }

TEST(Reporter, ShowsFirstRowThenOnePerIntervalThenTheLast) {
  HandClock time;
  std::ostringstream screen;
  Reporter reporter = make_reporter({.style = ProgressStyle::rows, .interval = 10}, screen, time);

  reporter.begin_stage("02_vmc", 2, 4, 0, 25);
  for (int step = 1; step <= 25; ++step) {
    time.advance(1);
    reporter.row(step, {{"E/N", "-0.5"}});
  }

  const auto shown = lines(screen.str());
  ASSERT_EQ(shown.size(), 5u);  // heading, steps 1, 11, 21, 25
  EXPECT_EQ(shown[0], "stage 3 of 4: 02_vmc, 25 steps");
  EXPECT_EQ(shown[1], "2025-12-11T09:30:01Z  02_vmc 1/25  E/N -0.5  1 s/step  ETA 24 s");
  EXPECT_NE(shown[2].find(" 11/25"), std::string::npos);
  EXPECT_NE(shown[3].find(" 21/25"), std::string::npos);
  EXPECT_EQ(shown[4], "2025-12-11T09:30:25Z  02_vmc 25/25  E/N -0.5  1 s/step");
  EXPECT_EQ(screen.str().find('\033'), std::string::npos);
  EXPECT_EQ(screen.str().find('\r'), std::string::npos);
}

TEST(Reporter, CountsTimePerStepFromTheResumedStep) {
  HandClock time;
  std::ostringstream screen;
  Reporter reporter = make_reporter({.style = ProgressStyle::rows}, screen, time);

  reporter.begin_stage("01_vmc", 0, 1, 90, 100);
  time.advance(2);
  reporter.row(91, {});

  EXPECT_DOUBLE_EQ(reporter.current().seconds_per_step, 2);
  EXPECT_NE(screen.str().find("resumed after step 90"), std::string::npos);
  EXPECT_NE(screen.str().find("ETA 18 s"), std::string::npos);
}

// 50 steps of 0.1 s and an evaluation of 5 s: 0.2 s a step, whenever one looks.
TEST(StepRate, HoldsTheCostlyStepsThatComeNowAndThen) {
  StepRate rate;
  double now = 3;
  rate.begin(now);
  EXPECT_EQ(rate.seconds_per_step(), 0);
  for (int step = 1; step <= 2000; ++step) {
    now += step % 50 == 0 ? 5.1 : 0.1;
    rate.finish(1, now);
    if (step > 500) {
      EXPECT_NEAR(rate.seconds_per_step(), 0.2, 0.02) << step;
    }
  }
}

TEST(StepRate, ForgetsThePreparationsAndThenTheSpeedOfAMinuteAgo) {
  StepRate rate;
  rate.begin(0);
  rate.finish(1, 40);
  EXPECT_DOUBLE_EQ(rate.seconds_per_step(), 40);
  rate.finish(2, 44);
  EXPECT_DOUBLE_EQ(rate.seconds_per_step(), 2);
  for (int k = 1; k <= 600; ++k) rate.finish(1, 44 + 0.5 * k);
  EXPECT_NEAR(rate.seconds_per_step(), 0.5, 0.01);

  rate.begin(1000);
  EXPECT_EQ(rate.seconds_per_step(), 0);
  rate.finish(1, 1300);
  for (int k = 1; k <= 5; ++k) rate.finish(1, 1300 + 300.0 * k);  // longer than the minute: ten steps
  rate.finish(1, 2800 + 600);
  EXPECT_NEAR(rate.seconds_per_step(), 350, 25);
}

TEST(Reporter, RedrawsOneLineThatFitsTheTerminal) {
  HandClock time;
  std::ostringstream screen;
  Reporter reporter = make_reporter({.style = ProgressStyle::line, .redraw = 0.5, .columns = 20}, screen, time);

  reporter.begin_stage("02_vmc", 0, 1, 0, 100);
  const std::size_t heading = screen.str().size();
  for (int step = 1; step <= 10; ++step) {
    time.advance(0.1);
    reporter.row(step, {{"energy", "-0.5023(4)"}});
  }

  const std::string drawn = screen.str().substr(heading);
  EXPECT_EQ(std::count(drawn.begin(), drawn.end(), '\r'), 2);  // first row at 0.1 s, again 0.5 s later
  EXPECT_EQ(std::count(drawn.begin(), drawn.end(), '\n'), 0);
  EXPECT_EQ(drawn.substr(drawn.rfind("\033[K") + 3), "02_vmc 6/100  energ");  // 19 of 20 columns
}

TEST(Reporter, PutsMessagesAboveTheProgressLine) {
  HandClock time;
  std::ostringstream screen;
  Reporter reporter = make_reporter({.style = ProgressStyle::line, .columns = 40}, screen, time);
  reporter.begin_stage("02_vmc", 0, 1, 0, 100);
  time.advance(1);
  reporter.row(1, {});
  const std::size_t before = screen.str().size();

  reporter.warn("acceptance 0.01");

  EXPECT_EQ(screen.str().substr(before), "\r\033[Kwarning: acceptance 0.01\n\r\033[K02_vmc 1/100  1 s/step  ETA 1 min 39 s");
}

TEST(Reporter, LeavesTheLastLineStandingWhenAStageEnds) {
  HandClock time;
  std::ostringstream screen;
  Reporter reporter = make_reporter({.style = ProgressStyle::line, .columns = 40}, screen, time);
  reporter.begin_stage("00_ed", 0, 1, 0, 1);
  reporter.row(1, {});

  reporter.end_stage({{"lanczos", 2.0}});

  EXPECT_TRUE(screen.str().ends_with("00_ed 1/1\n"));
  EXPECT_EQ(reporter.seconds().at("00_ed/lanczos"), 2.0);
}

TEST(Reporter, ColoursOnlyWhenAsked) {
  HandClock time;
  for (const Colour colour : {Colour::none, Colour::ansi}) {
    std::ostringstream screen;
    Reporter reporter = make_reporter({.style = ProgressStyle::line, .colour = colour}, screen, time);
    reporter.warn("w");
    reporter.begin_stage("00_ed", 0, 1, 0, 2);
    reporter.row(1, {});
    const bool coloured = screen.str().find("\033[1m") != std::string::npos && screen.str().find("\033[33m") != std::string::npos;
    EXPECT_EQ(coloured, colour == Colour::ansi);
  }
}

TEST(Reporter, NeverCutsACharacterInHalf) {
  HandClock time;
  std::ostringstream screen;
  Reporter reporter = make_reporter({.style = ProgressStyle::line, .columns = 9}, screen, time);
  reporter.begin_stage("ψψψψψψψψψψ", 0, 1, 0, 2);
  const std::size_t before = screen.str().size();

  reporter.row(1, {});

  EXPECT_EQ(screen.str().substr(before), "\r\033[Kψψψψψψψψ");
}

TEST(Reporter, SaysEqualWarningsOnceAndCountsThem) {
  HandClock time;
  std::ostringstream screen;
  Reporter reporter = make_reporter({}, screen, time);

  for (int i = 0; i < 3; ++i) reporter.warn("R-hat above 1.1");
  reporter.warn("another");

  EXPECT_EQ(screen.str(), "warning: R-hat above 1.1\nwarning: another\n");
  ASSERT_EQ(reporter.warnings().size(), 2u);
  EXPECT_EQ(reporter.warnings()[0].count, 3);
  reporter.close({});
  EXPECT_TRUE(screen.str().ends_with("3 times: R-hat above 1.1\n"));
}

TEST(Reporter, WritesOneJsonObjectPerLineOnDemand) {
  HandClock time;
  std::ostringstream screen;
  Reporter reporter = make_reporter({.style = ProgressStyle::json}, screen, time);

  reporter.begin_stage("02_vmc", 0, 1, 0, 2);
  reporter.warn("quote \" and broken byte \xff");
  reporter.row(1, {{"energy", "-1.5"}});

  const auto shown = lines(screen.str());
  ASSERT_EQ(shown.size(), 3u);
  EXPECT_EQ(nlohmann::json::parse(shown[0])["level"], "note");
  EXPECT_EQ(nlohmann::json::parse(shown[1])["level"], "warning");
  const auto row = nlohmann::json::parse(shown[2]);
  EXPECT_EQ(row["step"], 1);
  EXPECT_EQ(row["shown"]["energy"], "-1.5");
}

TEST(Reporter, IsSilentWithoutScreenAndLog) {
  HandClock time;
  Reporter reporter({.style = ProgressStyle::line}, nullptr, nullptr, time.clock());

  reporter.begin_stage("02_vmc", 0, 1, 0, 2);
  reporter.row(1, {});
  reporter.warn("w");
  reporter.end_stage({});
  reporter.close({});

  EXPECT_EQ(reporter.warnings().size(), 1u);
}

TEST(Reporter, LogsRowsMessagesTimesAndWarningCounts) {
  HandClock time;
  const TemporaryDirectory directory;
  std::ostringstream screen;
  Reporter reporter({.style = ProgressStyle::line, .columns = 80}, &screen, std::make_unique<RunLog>(directory.file("run.log")), time.clock());

  reporter.log_lines({"header"});
  reporter.begin_stage("02_vmc", 0, 1, 0, 1);
  reporter.warn("odd");
  reporter.warn("odd");
  {
    const auto timing = reporter.time_phase("checkpoint");
    time.advance(5);
  }
  time.advance(5);
  reporter.row(1, {{"energy", "-1"}});
  reporter.end_stage({{"sample", 4.0}});
  reporter.close({"results.h5"});

  const std::string log = content(directory.file("run.log"));
  EXPECT_TRUE(log.starts_with("header\n"));
  EXPECT_NE(log.find("02_vmc 1/1  energy -1  10 s/step"), std::string::npos) << log;
  EXPECT_NE(log.find("warning: odd"), std::string::npos);
  EXPECT_NE(log.find("2 x odd"), std::string::npos);
  EXPECT_NE(log.find("02_vmc/sample                          4.00 s  40.0 %"), std::string::npos) << log;
  EXPECT_NE(log.find("checkpoint                             5.00 s  50.0 %"), std::string::npos) << log;
  EXPECT_NE(log.find("files: results.h5"), std::string::npos);
  EXPECT_EQ(log.find('\033'), std::string::npos);
}

// A pseudo-terminal, so that isatty() is true.
class Terminal {
 public:
  Terminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY)) {
    if (master_ >= 0 && ::grantpt(master_) == 0 && ::unlockpt(master_) == 0) slave_ = ::open(::ptsname(master_), O_RDWR | O_NOCTTY);
  }
  ~Terminal() {
    ::close(slave_);
    ::close(master_);
  }
  int descriptor() const { return slave_; }

 private:
  int master_, slave_ = -1;
};

TEST(ReporterOptions, RedrawOnlyOnATerminalAndColourUnlessNoColor) {
  const Terminal terminal;
  if (terminal.descriptor() < 0) GTEST_SKIP() << "no pseudo-terminals here";
  ::setenv("TERM", "xterm", 1);
  ::unsetenv("NO_COLOR");

  const ReporterOptions coloured = options_for_terminal(terminal.descriptor(), 7, LogFormat::text);
  ::setenv("NO_COLOR", "1", 1);
  const ReporterOptions plain = options_for_terminal(terminal.descriptor(), 7, LogFormat::text);
  const ReporterOptions json = options_for_terminal(terminal.descriptor(), 7, LogFormat::json);
  ::setenv("TERM", "dumb", 1);
  const ReporterOptions dumb = options_for_terminal(terminal.descriptor(), 7, LogFormat::text);
  ::unsetenv("NO_COLOR");
  const int null = ::open("/dev/null", O_WRONLY);
  const ReporterOptions file = options_for_terminal(null, 7, LogFormat::text);
  ::close(null);

  EXPECT_EQ(coloured.style, ProgressStyle::line);
  EXPECT_EQ(coloured.colour, Colour::ansi);
  EXPECT_EQ(plain.style, ProgressStyle::line);
  EXPECT_EQ(plain.colour, Colour::none);
  EXPECT_EQ(json.style, ProgressStyle::json);
  EXPECT_EQ(dumb.style, ProgressStyle::rows);
  EXPECT_EQ(file.style, ProgressStyle::rows);
  EXPECT_EQ(file.colour, Colour::none);
  EXPECT_EQ(file.interval, 7);
}

TEST(Clock, WritesDatesAndDurations) {
  EXPECT_EQ(utc_text(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(utc_text(951782400), "2000-02-29T00:00:00Z");
  EXPECT_EQ(duration_text(0), "0 s");
  EXPECT_EQ(duration_text(59.4), "59 s");
  EXPECT_EQ(duration_text(59.6), "1 min 00 s");
  EXPECT_EQ(duration_text(7500), "2 h 05 min");
  EXPECT_EQ(duration_text(-1), "-");
  EXPECT_EQ(duration_text(1e300), "-");
}

}  // namespace
}  // namespace qs

#include "engine/report/status.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/temporary_directory.h"

namespace qs {
namespace {

nlohmann::json read(const std::string& path) { return nlohmann::json::parse(content(path)); }

TEST(StatusFile, HoldsWhatAScriptNeeds) {
  const TemporaryDirectory directory;
  HandClock time;
  StatusFile file(directory.file("status.json"), time.clock());

  file.write({.state = RunPhase::stopped,
              .exit_code = 75,
              .stage = "02_vmc",
              .step = 7,
              .steps = 20,
              .shown = {{"E/N", "-0.5023(4)"}},
              .seconds_per_step = 0.5,
              .checkpoint = "runs/a/checkpoint.h5",
              .resume_command = "qstage-vmc resume runs/a",
              .message = "the time limit"});

  const auto json = read(directory.file("status.json"));
  EXPECT_EQ(json["state"], "stopped");
  EXPECT_EQ(json["exit_code"], 75);
  EXPECT_EQ(json["stage"], "02_vmc");
  EXPECT_EQ(json["step"], 7);
  EXPECT_EQ(json["steps"], 20);
  EXPECT_EQ(json["checkpoint"], "runs/a/checkpoint.h5");
  EXPECT_EQ(json["resume_command"], "qstage-vmc resume runs/a");
  EXPECT_EQ(json["updated"], "2025-12-11T09:30:00Z");
  EXPECT_EQ(json["shown"]["E/N"], "-0.5023(4)");
  EXPECT_EQ(json["seconds_per_step"], 0.5);
}

TEST(StatusFile, WritesNullForWhatIsNotKnown) {
  const TemporaryDirectory directory;
  StatusFile file(directory.file("status.json"), HandClock().clock());

  file.write({});

  const auto json = read(directory.file("status.json"));
  for (const char* key : {"exit_code", "stage", "checkpoint", "resume_command", "message", "seconds_per_step"})
    EXPECT_TRUE(json.at(key).is_null()) << key;
}

// What `status DIR` says of a written status, some seconds later.
std::string line_of(const Status& status, double seconds_later) {
  const TemporaryDirectory directory;
  HandClock time;
  StatusFile(directory.file("status.json"), time.clock()).write(status);
  time.advance(seconds_later);
  return status_line("runs/a", read_status(directory.path()), time.clock());
}

TEST(StatusLine, SaysWhereARunStands) {
  const Status running{.state = RunPhase::running,
                       .stage = "02_vmc",
                       .step = 7,
                       .steps = 20,
                       .shown = {{"E/N", "-0.5023(4)"}},
                       .seconds_per_step = 2,
                       .resume_command = "qstage-vmc resume runs/a"};
  EXPECT_EQ(line_of(running, 3), "runs/a: running, 02_vmc 7/20, E/N -0.5023(4), about 26 s left in this stage (3 s ago)");
  EXPECT_NE(line_of(running, 3600).find("(1 h 00 min ago: it may have died; see run.log)"), std::string::npos);
  EXPECT_EQ(line_of({.state = RunPhase::stopped,
                     .exit_code = 75,
                     .stage = "02_vmc",
                     .step = 7,
                     .steps = 20,
                     .resume_command = "qstage-vmc resume runs/a",
                     .message = "stopped by SIGUSR2"},
                    3600),
            "runs/a: stopped, 02_vmc 7/20 (exit code 75): stopped by SIGUSR2; go on with: qstage-vmc resume runs/a (1 h 00 min ago)");
  EXPECT_EQ(line_of({.state = RunPhase::finished, .exit_code = 0}, 0), "runs/a: finished (0 s ago)");
}

TEST(StatusLine, TakesNothingOnTrust) {
  const TemporaryDirectory directory;
  EXPECT_THROW(read_status(directory.path()), FileError);
  for (const char* text : {"", "{", "[]", "{}", R"({"state": 7})"}) {
    put(directory.file("status.json"), text);
    EXPECT_THROW(read_status(directory.path()), FileError) << text;
  }
  put(directory.file("status.json"), R"({"state": "running", "step": "x", "shown": 3, "updated": [], "message": "\u001b[2J\u009b\n"})");
  EXPECT_EQ(status_line("d", read_status(directory.path()), HandClock().clock()), "d: running: \x1b[2J\xc2\x9b ");
}

TEST(StatusFile, IsReplacedEveryTwoSecondsAndWhenTheStateChanges) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("status.json");
  HandClock time;
  StatusFile file(path, time.clock());
  Status status{.state = RunPhase::running};

  file.update(status);
  status.step = 1;
  time.advance(1.9);
  file.update(status);
  EXPECT_EQ(read(path)["step"], 0);

  time.advance(0.2);
  file.update(status);
  EXPECT_EQ(read(path)["step"], 1);

  status.step = 2;
  status.state = RunPhase::finished;
  file.update(status);
  EXPECT_EQ(read(path)["step"], 2);
}

TEST(StatusFile, SurvivesADirectoryThatVanishes) {
  StatusFile file("/nonexistent/status.json", HandClock().clock());

  file.update({});

  EXPECT_NE(file.problem().find("/nonexistent/status.json"), std::string::npos);
}

TEST(WriteJson, TurnsNonFiniteNumbersIntoNullAndRepairsText) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("summary.json");

  write_json(path, {{"energy", -std::numeric_limits<double>::infinity()}, {"title", "broken \xff byte"}, {"list", {1.5, std::nan("")}}});

  const auto json = read(path);
  EXPECT_TRUE(json["energy"].is_null());
  EXPECT_TRUE(json["list"][1].is_null());
  EXPECT_EQ(json["list"][0], 1.5);
  EXPECT_THROW(write_json("/nonexistent/summary.json", json), FileError);
}

}  // namespace
}  // namespace qs

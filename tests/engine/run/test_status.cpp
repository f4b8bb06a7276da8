#include "engine/run/status.h"

#include <gtest/gtest.h>

#include <limits>

#include "temporary_directory.h"

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
              .values = {{"energy", -4.25}},
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
  EXPECT_EQ(json["values"]["energy"], -4.25);
}

TEST(StatusFile, WritesNullForWhatIsNotKnownOrNotFinite) {
  const TemporaryDirectory directory;
  StatusFile file(directory.file("status.json"), HandClock().clock());

  file.write({.values = {{"energy", std::numeric_limits<double>::quiet_NaN()}, {"error", std::numeric_limits<double>::infinity()}}});

  const auto json = read(directory.file("status.json"));
  for (const char* key : {"exit_code", "stage", "checkpoint", "resume_command", "message"}) EXPECT_TRUE(json.at(key).is_null()) << key;
  EXPECT_TRUE(json.at("values").at("energy").is_null());
  EXPECT_TRUE(json.at("values").at("error").is_null());
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

#include "engine/job/watchdog.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <future>
#include <optional>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/job/clock.h"
#include "engine/stages/stage.h"
#include "tests/plan_of.h"

namespace qs {
namespace {

constexpr double patience = 60, period = 6;
const std::vector<int> nobody = {};

// Four steps of two seconds each, then the fifth begins at 108.
HangRule after_four_steps(Pace pace) {
  HangRule rule(patience, period);
  rule.begin_stage("02_vmc", pace);
  for (int step = 1; step <= 4; ++step) {
    rule.begin_step(step, 98 + 2 * step);
    rule.end_step(100 + 2 * step);
  }
  rule.begin_step(5, 108);
  return rule;
}

// Seconds until the rule speaks, asked every period from `start`; none if it stays silent for ten patiences.
std::optional<double> silence(HangRule& rule, double start, std::span<const int> stopped, std::string* reason) {
  for (double now = start; now < start + 10 * patience; now += period) {
    if (const auto said = rule.judge(now, stopped)) {
      *reason = *said;
      return now - start;
    }
  }
  return std::nullopt;
}

TEST(HangRule, SpeaksWhenAStepIsTwentyTimesLongerThanAnyBeforeAndThePatienceIsOver) {
  std::string reason;
  HangRule rule = after_four_steps(Pace::even);

  const auto seconds = silence(rule, 108, nobody, &reason);

  ASSERT_TRUE(seconds);
  EXPECT_GE(*seconds, patience);
  EXPECT_LE(*seconds, patience + period);
  EXPECT_EQ(reason, "a step has lasted 1 min 00 s, none before it more than 2 s");
  EXPECT_EQ(rule.place(), "step 5 of 02_vmc");
}

TEST(HangRule, WaitsLongerWhereStepsAreLong) {
  HangRule rule(patience, period);
  std::string reason;
  rule.begin_stage("02_vmc", Pace::even);
  for (int step = 1; step <= 3; ++step) {
    rule.begin_step(step, 0);
    rule.end_step(step == 2 ? 20 : 1);
  }
  rule.begin_step(4, 0);

  const auto seconds = silence(rule, 0, nobody, &reason);

  ASSERT_TRUE(seconds);
  EXPECT_GE(*seconds, 400);
}

std::vector<HangRule> stages_without_a_known_pace() {
  HangRule uneven = after_four_steps(Pace::uneven);
  HangRule between = after_four_steps(Pace::even);
  between.end_step(108);
  EXPECT_EQ(between.place(), "between the steps of 02_vmc");
  HangRule fresh = after_four_steps(Pace::even);
  fresh.begin_stage("03_vmc", Pace::even);
  fresh.begin_step(1, 108);
  return {uneven, between, fresh};
}

TEST(HangRule, KnowsNoLimitForTheFirstStepsForUnevenStagesAndBetweenStepsWhileWorkGoesOn) {
  for (HangRule& rule : stages_without_a_known_pace()) {
    for (double now = 108; now < 108 + 20 * patience; now += period) {
      rule.alive(now);
      EXPECT_EQ(rule.judge(now, nobody), std::nullopt);
    }
  }
}

// Case H: the first three steps of a stage, ed and evaluate were not guarded.
TEST(HangRule, SpeaksWhenNothingMovesForThreePatiencesWhereverItIs) {
  for (HangRule& rule : stages_without_a_known_pace()) {
    std::string reason;

    const auto seconds = silence(rule, 108, nobody, &reason);

    ASSERT_TRUE(seconds);
    EXPECT_GE(*seconds, 3 * patience);
    EXPECT_LE(*seconds, 3 * patience + period);
    EXPECT_EQ(reason, "nothing has moved for 3 min 00 s");
  }
}

TEST(HangRule, CountsNoSilenceInWhichItStoodStillOrARankWasStopped) {
  HangRule rule(patience, period);
  const std::vector<int> third = {3};
  rule.begin_stage("00_ed", Pace::uneven);
  EXPECT_FALSE(rule.judge(0, nobody));

  EXPECT_FALSE(rule.judge(10 * patience, nobody));  // late by far: it was stopped itself
  for (double now = 10 * patience; now < 10.9 * patience; now += period) EXPECT_FALSE(rule.judge(now, third));
  EXPECT_FALSE(rule.judge(13.8 * patience, nobody));
}

TEST(HangRule, SpeaksWhenARankStaysStopped) {
  HangRule rule(patience, period);
  const std::vector<int> third = {3};
  std::string reason;
  EXPECT_EQ(rule.place(), "before the first stage");

  const auto seconds = silence(rule, 0, third, &reason);

  ASSERT_TRUE(seconds);
  EXPECT_EQ(*seconds, patience);
  EXPECT_NE(reason.find("rank 3 has been stopped for 1 min 00 s"), std::string::npos) << reason;
}

TEST(HangRule, ForgivesARankThatGoesOn) {
  HangRule rule(patience, period);
  const std::vector<int> third = {3};
  for (int k = 0; k < 100; ++k) {
    const bool stopped = k % 9 != 8;  // 48 s, then one look at which it runs
    EXPECT_FALSE(rule.judge(period * k, stopped ? std::span<const int>(third) : std::span<const int>(nobody)));
  }
}

// The step began before the rank was seen to be stopped, so that its own patience is over first.
TEST(HangRule, NamesTheStoppedRankAndNotTheStepThatWaitsForIt) {
  const std::vector<int> third = {3};
  std::string reason;
  HangRule rule = after_four_steps(Pace::even);
  EXPECT_FALSE(rule.judge(108, nobody));

  const auto seconds = silence(rule, 108 + period, third, &reason);

  ASSERT_TRUE(seconds);
  EXPECT_EQ(*seconds, patience);
  EXPECT_NE(reason.find("rank 3 has been stopped"), std::string::npos) << reason;
}

TEST(HangRule, LeavesTheStepItsPatienceAfterARankWasStopped) {
  const std::vector<int> third = {3};
  std::string reason;
  HangRule rule = after_four_steps(Pace::even);
  for (double now = 108; now < 108 + 0.9 * patience; now += period) EXPECT_FALSE(rule.judge(now, third));

  const auto seconds = silence(rule, 108 + 0.9 * patience, nobody, &reason);

  ASSERT_TRUE(seconds);
  EXPECT_GE(*seconds, patience - 2 * period);
}

// SIGSTOP to the whole job, a suspended batch job, a laptop that slept.
TEST(HangRule, StartsAnewAfterItStoodStillItself) {
  const std::vector<int> third = {3};
  std::string reason;
  HangRule rule = after_four_steps(Pace::even);
  EXPECT_FALSE(rule.judge(109, third));

  EXPECT_FALSE(rule.judge(5000, third));
  const auto seconds = silence(rule, 5000 + period, nobody, &reason);

  ASSERT_TRUE(seconds);
  EXPECT_GE(*seconds, patience - period);
}

TEST(Watchdog, EndsTheJobOnceWhenAStepDoesNotReturn) {
  std::promise<std::string> said;
  Watchdog watchdog(
      {.rank = 2, .patience = 0.2, .neighbours = {}, .clock = system_clock(), .end_job = [&](const std::string& text) { said.set_value(text); }});
  watchdog.begin_stage("02_vmc", Pace::even);
  for (int step = 1; step <= 3; ++step) {
    watchdog.begin_step(step);
    watchdog.end_step();
  }
  watchdog.begin_step(4);
  watchdog.enter_phase("update");

  const std::string text = said.get_future().get();  // set twice it would throw, and end the test

  EXPECT_NE(text.find("rank 2 works in step 4 of 02_vmc, phase 'update'"), std::string::npos) << text;
}

TEST(Watchdog, IsSilentAndQuickToEndWhereStepsFinish) {
  int said = 0;
  {
    Watchdog watchdog({.rank = 0, .patience = 3600, .neighbours = {}, .clock = system_clock(), .end_job = [&](const std::string&) { ++said; }});
    watchdog.begin_stage("02_vmc", Pace::even);
    EXPECT_THROW(watchdog.watch_collective([] { throw std::runtime_error("from a collective"); }), std::runtime_error);
  }
  EXPECT_EQ(said, 0);
}

TEST(Watchdog, RefusesAPatienceThatWouldEndEveryRun) {
  const std::string rest =
      "format: 1\noutput: {directory: unused}\nsystem: {lattice: {kind: chain, size: [4]}, sector: {kind: spin_half, total_sz: 0}, hamiltonian: "
      "{kind: "
      "heisenberg, J1: 1.0}}\nstages: [{kind: ed}]\n";
  EXPECT_EQ(test::plan_of(rest).watchdog, 300);
  EXPECT_EQ(test::plan_of("limits: {watchdog: 20s}\n" + rest).watchdog, 20);
  try {
    test::plan_of("limits: {watchdog: 0s}\n" + rest);
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("input.yaml:1:20: error: 'limits.watchdog' is 0 s"), std::string::npos) << error.what();
  }
}

TEST(RankProcesses, TellAStoppedProcessFromOneThatRunsOrIsGone) {
  run_in_process(2, [](Communicator& comm) { EXPECT_TRUE(neighbours(comm).empty()); });  // ranks of one process are no neighbours

  const pid_t child = ::fork();
  if (child == 0) {
    for (;;) ::pause();
  }
  std::string stat;
  std::getline(std::ifstream("/proc/" + std::to_string(child) + "/stat"), stat);
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  RankProcess process{.rank = 1, .pid = child, .started = 0};
  std::string skipped;
  for (int k = 3; k < 22; ++k) fields >> skipped;
  fields >> process.started;

  EXPECT_FALSE(is_stopped(process));
  ::kill(child, SIGSTOP);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, WUNTRACED), child);
  EXPECT_TRUE(is_stopped(process));
  EXPECT_FALSE(is_stopped({.rank = 1, .pid = child, .started = process.started + 1}));  // another process with its number
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  EXPECT_FALSE(is_stopped(process));
}

}  // namespace
}  // namespace qs

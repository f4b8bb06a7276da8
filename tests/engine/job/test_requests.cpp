#include "engine/job/requests.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "engine/run/run_directory.h"
#include "tests/temporary_directory.h"

namespace qs {
namespace {

WallTime unlimited(const HandClock& time) { return {std::nullopt, std::nullopt, 30, time.clock()}; }

class RequestsTest : public ::testing::Test {
 protected:
  HandClock time_;
  TemporaryDirectory directory_;
  std::unique_ptr<Communicator> comm_ = self_communicator();
  Requests requests_{directory_.path(), unlimited(time_), time_.clock()};
};

TEST_F(RequestsTest, AreNoneWhenNothingHappens) {
  EXPECT_EQ(requests_.poll(*comm_), Request::none);
  EXPECT_EQ(requests_.reason(), "");
  EXPECT_EQ(requests_.exit_code(), 0);
}

TEST_F(RequestsTest, UserSignalOneAndContinueGiveOneCheckpointEach) {
  for (const int signal : {SIGUSR1, SIGCONT}) {
    ::raise(signal);

    EXPECT_EQ(requests_.poll(*comm_), Request::checkpoint);
    EXPECT_NE(requests_.reason().find("signal " + std::to_string(signal)), std::string::npos) << requests_.reason();
    EXPECT_EQ(requests_.poll(*comm_), Request::none);
  }
}

TEST_F(RequestsTest, StopSignalsStopWithSeventyFive) {
  ::raise(SIGUSR2);

  EXPECT_EQ(requests_.poll(*comm_), Request::stop);
  EXPECT_EQ(requests_.exit_code(), 75);
  EXPECT_EQ(requests_.poll(*comm_), Request::stop) << "a wish to stop stays until it is served";
}

TEST_F(RequestsTest, SecondTerminateAbandonsWithOneHundredTwentyEightPlusN) {
  ::raise(SIGTERM);
  EXPECT_EQ(requests_.poll(*comm_), Request::stop);
  ::raise(SIGINT);

  EXPECT_EQ(requests_.poll(*comm_), Request::abandon);
  EXPECT_EQ(requests_.exit_code(), 128 + SIGINT);
}

TEST_F(RequestsTest, RepeatedUserSignalTwoNeverAbandons) {
  for (int i = 0; i < 4; ++i) ::raise(SIGUSR2);

  EXPECT_EQ(requests_.poll(*comm_), Request::stop);
}

TEST(Requests, SignalOfOneRankReachesEveryRank) {
  const TemporaryDirectory directory;
  const HandClock time;
  run_in_process(4, [&](Communicator& comm) {
    Requests requests(directory.path(), unlimited(time), time.clock());
    EXPECT_EQ(requests.poll(comm), Request::none);
    comm.barrier();
    if (comm.rank() == 2) ::raise(SIGUSR2);

    EXPECT_EQ(requests.poll(comm), Request::stop);
    EXPECT_EQ(requests.exit_code(), 75);
  });
}

TEST_F(RequestsTest, IgnoreBrokenPipesAndFileSizeLimits) {
  ::raise(SIGPIPE);
  ::raise(SIGXFSZ);

  EXPECT_EQ(requests_.poll(*comm_), Request::none);
}

TEST_F(RequestsTest, StopFileIsSeenAfterTwentySecondsAndTakenAway) {
  put(directory_.file(file_names::stop_request), "");

  time_.advance(19);
  EXPECT_EQ(requests_.poll(*comm_), Request::none);
  time_.advance(1);
  EXPECT_EQ(requests_.poll(*comm_), Request::stop);

  EXPECT_EQ(requests_.reason(), "a STOP file");
  EXPECT_EQ(requests_.exit_code(), 75);
  EXPECT_FALSE(std::filesystem::exists(directory_.file(file_names::stop_request)));
}

TEST_F(RequestsTest, CheckpointFileAsksOnce) {
  put(directory_.file(file_names::checkpoint_request), "");

  time_.advance(20);
  EXPECT_EQ(requests_.poll(*comm_), Request::checkpoint);
  EXPECT_EQ(requests_.reason(), "a CHECKPOINT file");
  time_.advance(20);
  EXPECT_EQ(requests_.poll(*comm_), Request::none);
}

TEST(Requests, ThirdTerminateLeavesAtOnce) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const SignalListener listener;
    for (int i = 0; i < 3; ++i) ::raise(SIGTERM);
    ::_exit(0);  // not reached
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);

  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGTERM);
}

TEST(Requests, RestoreTheHandlersTheyFound) {
  struct sigaction before {
  }, after{};
  ::sigaction(SIGUSR1, nullptr, &before);

  {
    const SignalListener outer;
    { const SignalListener inner; }
    ::raise(SIGUSR1);  // would end the process if the inner one had restored the default
    EXPECT_EQ(outer.counts().checkpoint, 1);
  }

  ::sigaction(SIGUSR1, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
}

TEST(Requests, TimeLimitOnTheRootStopsEveryRankInTheSameStep) {
  const TemporaryDirectory directory;
  const HandClock time;
  run_in_process(3, [&](Communicator& comm) {
    // Only the root's clock is near the end; the others know of no limit.
    const std::optional<double> limit = comm.is_root() ? std::optional<double>(40) : std::nullopt;
    Requests requests(directory.path(), WallTime(limit, std::nullopt, 30, time.clock()), time.clock());

    EXPECT_EQ(requests.poll(comm), Request::none);
    requests.wall_time().step_took(6);  // 40 < 2 * 6 + 30

    EXPECT_EQ(requests.poll(comm), Request::stop);
    EXPECT_EQ(requests.reason(), "the time limit");
    EXPECT_EQ(requests.exit_code(), 75);
  });
}

TEST(WallTime, StopsWhenTwoStepsThreeCheckpointsAndTheMarginRemain) {
  HandClock time;
  WallTime wall(1000, std::nullopt, 30, time.clock());
  wall.step_took(100);
  wall.checkpoint_took(10);  // 2 * 100 + 3 * 10 + 30 = 260

  time.advance(739);
  EXPECT_FALSE(wall.is_over());
  time.advance(2);
  EXPECT_TRUE(wall.is_over());
}

TEST(WallTime, TakesTheEarlierOfLimitAndJobEnd) {
  HandClock time;

  EXPECT_DOUBLE_EQ(*WallTime(100, HandClock::epoch + 50, 0, time.clock()).remaining(), 50);
  EXPECT_DOUBLE_EQ(*WallTime(100, HandClock::epoch + 500, 0, time.clock()).remaining(), 100);
  EXPECT_DOUBLE_EQ(*WallTime(std::nullopt, HandClock::epoch + 500, 0, time.clock()).remaining(), 500);
  EXPECT_FALSE(unlimited(time).remaining().has_value());
  EXPECT_FALSE(unlimited(time).is_over());
}

TEST(WallTime, ForgetsASlowFirstStep) {
  HandClock time;
  WallTime wall(300, std::nullopt, 0, time.clock());

  wall.step_took(200);
  EXPECT_TRUE(wall.is_over());
  for (int i = 0; i < 40; ++i) wall.step_took(1);

  EXPECT_FALSE(wall.is_over());
}

TEST(WallTime, ReadsTheJobEndFromTheEnvironment) {
  ::setenv("SLURM_JOB_END_TIME", "1765445400", 1);
  EXPECT_EQ(job_end_time(), 1765445400);
  for (const char* bad : {"", "soon", "12x", "-5"}) {
    ::setenv("SLURM_JOB_END_TIME", bad, 1);
    EXPECT_EQ(job_end_time(), std::nullopt) << bad;
  }
  ::unsetenv("SLURM_JOB_END_TIME");
  EXPECT_EQ(job_end_time(), std::nullopt);
}

}  // namespace
}  // namespace qs

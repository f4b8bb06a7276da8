#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <functional>

#include "engine/base/error.h"
#include "engine/files/files.h"
#include "tests/engine/files/scratch.h"

namespace qs {
namespace {

using test::message_of;
using test::Scratch;

TEST(RunLock, RefusesASecondRunAndNamesTheFirst) {
  const Scratch scratch;
  ::setenv("SLURM_JOB_ID", "4711", 1);
  const RunLock first(scratch.path());
  ::unsetenv("SLURM_JOB_ID");
  std::array<char, 256> host{};
  ASSERT_EQ(::gethostname(host.data(), host.size()), 0);

  const std::string message = message_of<FileError>([&] { RunLock second(scratch.path()); });

  EXPECT_EQ(message,
            fmt::format("'{}' is in use by another run (host {}, pid {}, job 4711); wait for it, stop it, or choose another output.directory",
                        scratch.path(), host.data(), ::getpid()));
}

TEST(RunLock, IsFreeAgainAfterItsEnd) {
  const Scratch scratch;
  { const RunLock first(scratch.path()); }

  EXPECT_EQ(test::slurp(scratch / "run.lock"), "");
  EXPECT_NO_THROW(RunLock(scratch.path()));
}

TEST(RunLock, OutlivesNoKilledProcess) {
  const Scratch scratch;
  std::array<int, 2> ready{};
  ASSERT_EQ(::pipe(ready.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const RunLock held(scratch.path());
    [[maybe_unused]] const auto told = ::write(ready[1], "x", 1);
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_NE(message_of<FileError>([&] { RunLock second(scratch.path()); }).find(fmt::format("pid {}", child)), std::string::npos);

  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);

  EXPECT_NO_THROW(RunLock(scratch.path()));
}

// Case B: the lock of another version emptied what its name led to.
TEST(RunLock, TouchesNoFileOfSomebodyElse) {
  const Scratch scratch;
  test::spit(scratch / "precious", "mine");
  const std::vector<std::pair<std::function<void()>, std::string>> traps = {
      {[&] { std::filesystem::create_symlink("precious", scratch / "run.lock"); }, "it is a symbolic link"},
      {[&] { std::filesystem::create_symlink("absent", scratch / "run.lock"); }, "it is a symbolic link"},
      {[&] { std::filesystem::create_hard_link(scratch / "precious", scratch / "run.lock"); }, "it has 2 names (hard links)"},
      {[&] { std::filesystem::copy(scratch / "precious", scratch / "run.lock"); }, "a text that this program did not write"},
      {[&] { ASSERT_EQ(::mkfifo((scratch / "run.lock").c_str(), 0600), 0); }, "it is not a regular file"}};
  for (const auto& [set, reason] : traps) {
    set();

    const std::string message = message_of<FileError>([&] { RunLock lock(scratch.path()); });

    EXPECT_NE(message.find(reason), std::string::npos) << message;
    EXPECT_EQ(test::slurp(scratch / "precious"), "mine") << reason;
    EXPECT_FALSE(std::filesystem::exists(scratch / "absent")) << reason;
    std::filesystem::remove(scratch / "run.lock");
  }
}

TEST(RunLock, AcceptsWhatAKillOrALossOfPowerLeaves) {
  const Scratch scratch;
  for (const std::string& left : {std::string("ho"), std::string("host a, pid 1, job none\n"), std::string(20, '\0')}) {
    test::spit(scratch / "run.lock", left);

    EXPECT_NO_THROW(RunLock(scratch.path())) << left;
  }
}

TEST(RunLock, TrustsTheTextWhereTheFileSystemHasNoFlock) {
  if (!test::has_program("strace -qq -o /dev/null -e trace=flock -e inject=flock:error=ENOSYS true"))
    GTEST_SKIP() << "strace is absent or may not trace";
  const Scratch scratch;
  std::array<char, 256> host{};
  ASSERT_EQ(::gethostname(host.data(), host.size()), 0);
  const pid_t ended = ::fork();
  if (ended == 0) ::_exit(0);
  ::waitpid(ended, nullptr, 0);
  const auto lock_held_by = [&](const std::string& text) {
    test::spit(scratch / "run.lock", text);
    return test::shell(
        fmt::format("ASAN_OPTIONS=detect_leaks=0 strace -qq -o /dev/null -e trace=flock -e inject=flock:error=ENOSYS {} {} 2>{}/stderr.txt",
                    QSTAGE_CHECKPOINT_WRITER, scratch.path(), scratch.path()));
  };

  EXPECT_EQ(lock_held_by(""), 0);                                                                // ended properly
  EXPECT_EQ(lock_held_by(fmt::format("host {}, pid {}, job none\n", host.data(), ended)), 0);    // died
  EXPECT_EQ(lock_held_by(fmt::format("host {}, pid {}, job 7\n", host.data(), ::getpid())), 3);  // lives
  EXPECT_NE(test::slurp(scratch / "stderr.txt").find("job 7); wait for it"), std::string::npos);
  EXPECT_EQ(lock_held_by("host elsewhere, pid 1, job none\n"), 3);  // cannot be asked
  EXPECT_NE(test::slurp(scratch / "stderr.txt").find("if that run is dead, remove run.lock"), std::string::npos);
}

TEST(RunLock, NeedsADirectory) {
  const Scratch scratch;
  EXPECT_EQ(message_of<FileError>([&] { RunLock lock(scratch / "absent"); }),
            fmt::format("cannot create the lock '{}/absent/run.lock': No such file or directory [errno 2]", scratch.path()));
}

}  // namespace
}  // namespace qs

// Death and errors at every system call of a checkpoint write, by fault injection with strace. The write runs in a process of its own.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "engine/checkpoint/checkpoint_file.h"
#include "engine/files/files.h"
#include "tests/engine/checkpoint/checkpoint_content.h"
#include "tests/engine/files/scratch.h"

namespace qs {
namespace {

using test::checkpoint_content;
using test::Scratch;

constexpr int kValues = 3000;
constexpr int kKilled = 128 + SIGKILL;
constexpr int kCallLimit = 40;

bool can_inject() {
  static const bool possible = test::has_program("strace -qq -o /dev/null -e trace=getpid -e inject=getpid:error=EPERM true") &&
                               test::shell("strace -qq -o /dev/null -e trace=write -e inject=write:error=EIO sh -c 'echo x' >/dev/null 2>&1") != 0;
  return possible;
}

// Writes the checkpoint of `step` (in a sanitizer build without the leak check, which cannot work under a tracer); `inject` is the strace expression
// after "inject=", or "" for an undisturbed write.
int write_in_process(const Scratch& scratch, int step, const std::string& inject) {
  const std::string call = inject.substr(0, inject.find(':'));
  const std::string tracer = inject.empty() ? "" : fmt::format("strace -qq -o /dev/null -e trace={} -e inject={} ", call, inject);
  return test::shell(fmt::format("ASAN_OPTIONS=detect_leaks=0 {}{} {} {} {} 2>{}/stderr.txt", tracer, QSTAGE_CHECKPOINT_WRITER, scratch.path(), step,
                                 kValues, scratch.path()));
}

void expect_sound(const Scratch& scratch, const std::string& file, int step, const std::string& when) {
  const LoadedCheckpoint loaded = read_checkpoint(scratch / file);
  EXPECT_EQ(loaded.step, step) << file << " after " << when;
  EXPECT_EQ(loaded.tree, checkpoint_content(loaded.step, kValues)) << file << " after " << when;
}

std::vector<std::string> temporaries(const Scratch& scratch) {
  std::vector<std::string> found;
  for (const std::string& name : scratch.names()) {
    if (name.find(".tmp.") != std::string::npos) found.push_back(name);
  }
  return found;
}

// Kills the write of step 3 at the entry of every single call of one kind; every state between two calls is met that way.
// Returns how many calls there were.
int kill_at_every(const std::string& call) {
  for (int k = 1; k <= kCallLimit; ++k) {
    const std::string when = fmt::format("SIGKILL at {} number {}", call, k);
    const Scratch scratch;
    EXPECT_EQ(write_in_process(scratch, 1, ""), 0);
    EXPECT_EQ(write_in_process(scratch, 2, ""), 0);

    const int status = write_in_process(scratch, 3, fmt::format("{}:signal=KILL:when={}", call, k));

    if (status == 0) return k - 1;
    EXPECT_EQ(status, kKilled) << when;
    const auto loaded = load_checkpoint(scratch.path(), Damaged::set_aside);
    EXPECT_TRUE(loaded.has_value()) << when;
    if (!loaded) return k;
    EXPECT_FALSE(loaded->warning.has_value()) << when;
    EXPECT_TRUE(loaded->step == 2 || loaded->step == 3) << when;
    EXPECT_EQ(loaded->tree, checkpoint_content(loaded->step, kValues)) << when;
    // Before rotation prev is step 1; between rotation and rename it is the current file; afterwards the step before.
    const LoadedCheckpoint previous = read_checkpoint(scratch / "checkpoint.prev.h5");
    EXPECT_TRUE(loaded->step == 3 ? previous.step == 2 : previous.step <= 2) << when;

    // The next process cleans up under the lock and goes on: prev is the step before again.
    {
      const RunLock lock(scratch.path());
      remove_stale_temporaries(scratch.path(), [](const std::string& name) { return name.starts_with("checkpoint."); });
    }
    EXPECT_TRUE(temporaries(scratch).empty()) << when;
    EXPECT_EQ(write_in_process(scratch, static_cast<int>(loaded->step) + 1, ""), 0) << when;
    expect_sound(scratch, "checkpoint.h5", static_cast<int>(loaded->step) + 1, when);
    expect_sound(scratch, "checkpoint.prev.h5", static_cast<int>(loaded->step), when);
  }
  ADD_FAILURE() << call << ": more calls than expected";
  return kCallLimit;
}

TEST(CheckpointFaults, KilledAtAnyWriteLeavesTheOldOrTheNewState) {
  if (!can_inject()) GTEST_SKIP() << "strace is absent or may not trace";
  EXPECT_GE(kill_at_every("write"), 2);  // header and payload
}

TEST(CheckpointFaults, KilledAtAnyFlushLeavesTheOldOrTheNewState) {
  if (!can_inject()) GTEST_SKIP() << "strace is absent or may not trace";
  EXPECT_EQ(kill_at_every("fsync"), 2);  // file and directory
}

TEST(CheckpointFaults, KilledAtAnyLinkLeavesTheOldOrTheNewState) {
  if (!can_inject()) GTEST_SKIP() << "strace is absent or may not trace";
  EXPECT_EQ(kill_at_every("link"), 1);
}

TEST(CheckpointFaults, KilledAtAnyRenameLeavesTheOldOrTheNewState) {
  if (!can_inject()) GTEST_SKIP() << "strace is absent or may not trace";
  EXPECT_EQ(kill_at_every("rename"), 2);  // prev, then current
}

TEST(CheckpointFaults, KilledAtAnyUnlinkLeavesTheOldOrTheNewState) {
  if (!can_inject()) GTEST_SKIP() << "strace is absent or may not trace";
  EXPECT_EQ(kill_at_every("unlink"), 2);  // before and after the rotation
}

TEST(CheckpointFaults, ADiskErrorKeepsTheOldCheckpointAndItsMessageNamesIt) {
  if (!can_inject()) GTEST_SKIP() << "strace is absent or may not trace";
  const std::vector<std::pair<std::string, std::string>> faults = {
      {"write:error=ENOSPC:when=1", "No space left on device [errno 28]"},  {"write:error=EDQUOT:when=2", "Disk quota exceeded [errno 122]"},
      {"write:error=EIO:when=2", "Input/output error [errno 5]"},           {"fsync:error=EIO:when=1", "Input/output error [errno 5]"},
      {"fsync:error=ENOSPC:when=1+", "No space left on device [errno 28]"}, {"link:error=EIO:when=1", "Input/output error [errno 5]"},
      {"rename:error=EIO:when=1", "Input/output error [errno 5]"},          {"rename:error=ENOSPC:when=2", "No space left on device [errno 28]"}};
  for (const auto& [inject, reason] : faults) {
    const Scratch scratch;
    ASSERT_EQ(write_in_process(scratch, 1, ""), 0);
    ASSERT_EQ(write_in_process(scratch, 2, ""), 0);

    EXPECT_EQ(write_in_process(scratch, 3, inject), 3) << inject;

    const std::string message = test::slurp(scratch / "stderr.txt");
    EXPECT_NE(message.find(reason), std::string::npos) << inject << ": " << message;
    EXPECT_NE(message.find(scratch.path()), std::string::npos) << inject << ": " << message;
    expect_sound(scratch, "checkpoint.h5", 2, inject);
    EXPECT_NO_THROW(read_checkpoint(scratch / "checkpoint.prev.h5")) << inject;
    EXPECT_TRUE(temporaries(scratch).empty()) << inject;

    ASSERT_EQ(write_in_process(scratch, 3, ""), 0) << inject;  // the disk recovers
    expect_sound(scratch, "checkpoint.h5", 3, inject);
    expect_sound(scratch, "checkpoint.prev.h5", 2, inject);
  }
}

TEST(CheckpointFaults, CopiesWhereTheFileSystemHasNoHardLinks) {
  if (!can_inject()) GTEST_SKIP() << "strace is absent or may not trace";
  for (const char* reason : {"EPERM", "EOPNOTSUPP", "ENOSYS", "EMLINK"}) {
    const Scratch scratch;
    for (int step = 1; step <= 3; ++step) ASSERT_EQ(write_in_process(scratch, step, fmt::format("link:error={}", reason)), 0) << reason;

    expect_sound(scratch, "checkpoint.h5", 3, reason);
    expect_sound(scratch, "checkpoint.prev.h5", 2, reason);
    EXPECT_TRUE(temporaries(scratch).empty()) << reason;
  }
}

TEST(CheckpointFaults, InterruptedCallsAreRepeated) {
  if (!can_inject()) GTEST_SKIP() << "strace is absent or may not trace";
  const Scratch scratch;

  EXPECT_EQ(write_in_process(scratch, 1, "write:error=EINTR:when=1..2"), 0);
  EXPECT_EQ(write_in_process(scratch, 2, "fsync:error=EINTR:when=1"), 0);

  expect_sound(scratch, "checkpoint.h5", 2, "EINTR");
  expect_sound(scratch, "checkpoint.prev.h5", 1, "EINTR");
}

TEST(CheckpointFaults, AFileSizeLimitIsAnErrorAndNoSignal) {
  const Scratch scratch;
  ASSERT_EQ(write_in_process(scratch, 1, ""), 0);

  const int status = test::shell(fmt::format("ulimit -f 8; {} {} 2 {} 2>/dev/null", QSTAGE_CHECKPOINT_WRITER, scratch.path(), kValues));

  EXPECT_EQ(status, 3);
  expect_sound(scratch, "checkpoint.h5", 1, "EFBIG");
  EXPECT_TRUE(temporaries(scratch).empty());
}

}  // namespace
}  // namespace qs

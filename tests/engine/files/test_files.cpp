#include "engine/files/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <functional>

#include "engine/base/error.h"
#include "tests/engine/files/scratch.h"

namespace qs {
namespace {

using test::message_of;
using test::Scratch;
using test::slurp;
using test::spit;

std::uint64_t hash_of(const std::string& text) { return XXH3_64bits(text.data(), text.size()); }

// Runs `action` in a child that may write files of at most `limit` bytes; true if it returned true.
bool under_file_size_limit(rlim_t limit, const std::function<bool()>& action) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit bound{limit, limit};
    ::setrlimit(RLIMIT_FSIZE, &bound);
    ::_exit(action() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool fails_with(const std::string& part, const std::function<void()>& action) {
  try {
    action();
  } catch (const FileError& error) {
    return std::string(error.what()).find(part) != std::string::npos;
  }
  return false;
}

TEST(ReplaceFile, CreatesAndReplacesWithoutLeavingTraces) {
  const Scratch scratch;

  replace_file(scratch / "a", "first");
  EXPECT_EQ(slurp(scratch / "a"), "first");
  replace_file(scratch / "a", "");
  EXPECT_EQ(slurp(scratch / "a"), "");
  const std::string large(3'000'000, 'x');
  replace_file(scratch / "a", large);

  EXPECT_TRUE(slurp(scratch / "a") == large);
  EXPECT_EQ(scratch.names(), (std::vector<std::string>{"a"}));
}

TEST(ReplaceFile, ReplacesTheNameSoThatAnOpenReaderKeepsTheOldContent) {
  const Scratch scratch;
  replace_file(scratch / "a", "old");
  std::ifstream reader(scratch / "a");

  replace_file(scratch / "a", "new");

  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(reader), {}), "old");
  EXPECT_EQ(slurp(scratch / "a"), "new");
}

TEST(ReplaceFile, KeepsTheOldFileWhenTheDiskRefusesTheNewOne) {
  const Scratch scratch;
  replace_file(scratch / "a", "old");

  // 4096 of 8192 bytes are accepted (a short write), then EFBIG.
  const bool refused = under_file_size_limit(
      4096, [&] { return fails_with("write 8192 bytes (stopped after 4096) to", [&] { replace_file(scratch / "a", std::string(8192, 'x')); }); });

  EXPECT_TRUE(refused);
  EXPECT_EQ(slurp(scratch / "a"), "old");
  EXPECT_EQ(scratch.names(), (std::vector<std::string>{"a"}));
}

TEST(ReplaceFile, ReportsNoSpaceLeftWithTheNumberOfBytes) {
  const Descriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  const std::string content(100, 'x');

  const std::string message = message_of<FileError>([&] { write_all(full.number(), std::as_bytes(std::span(content)), "trace.csv"); });

  EXPECT_EQ(message, "cannot write 100 bytes (stopped after 0) to 'trace.csv': No space left on device [errno 28]");
}

TEST(ReplaceFile, NamesAMissingDirectory) {
  const Scratch scratch;

  const std::string message = message_of<FileError>([&] { replace_file(scratch / "absent/a", "x"); });

  EXPECT_EQ(message, fmt::format("cannot create '{}/absent/a.tmp.{}': No such file or directory [errno 2]", scratch.path(), ::getpid()));
}

// A killed process may have had our number: in a container it often has.
TEST(ReplaceFile, LeavesATemporaryNameThatExistsAndTakesAnother) {
  const Scratch scratch;
  const std::string squatter = fmt::format("{}/a.tmp.{}", scratch.path(), ::getpid());
  spit(squatter, "not ours");

  replace_file(scratch / "a", "x");

  EXPECT_EQ(slurp(squatter), "not ours");
  EXPECT_EQ(slurp(scratch / "a"), "x");
}

TEST(ReplaceFile, RemovesTheTemporaryFileWhenTheNameIsADirectory) {
  const Scratch scratch;
  std::filesystem::create_directories(scratch / "a/full");

  EXPECT_THROW(replace_file(scratch / "a", "x"), FileError);

  EXPECT_EQ(scratch.names(), (std::vector<std::string>{"a"}));
}

TEST(ReadFile, ReturnsTheBytesUpToTheLimit) {
  const Scratch scratch;
  const std::string content = std::string("a\0b\xff", 4);
  spit(scratch / "a", content);

  EXPECT_EQ(read_text(scratch / "a", 4), content);
  EXPECT_EQ(read_bytes(scratch / "a", 4).size(), 4u);
  EXPECT_EQ(message_of<FileError>([&] { read_text(scratch / "a", 3); }),
            fmt::format("cannot read '{}/a': 4 bytes exceed the limit of 3 bytes for this kind of file", scratch.path()));
}

TEST(ReadFile, RefusesWhatIsNoRegularFileWithoutBlocking) {
  const Scratch scratch;
  ASSERT_EQ(::mkfifo((scratch / "pipe").c_str(), 0600), 0);

  for (const std::string& path : {scratch / "pipe", scratch.path(), std::string("/dev/zero")}) {
    EXPECT_EQ(message_of<FileError>([&] { read_text(path, 100); }),
              fmt::format("cannot read '{}': not a regular file (a directory, pipe or device)", path));
  }
  EXPECT_NE(message_of<FileError>([&] { read_text(scratch / "absent", 100); }).find("No such file or directory [errno 2]"), std::string::npos);
}

// Case C: those of other programs, and folders of such a name, are not ours.
TEST(StaleTemporaries, AreRemovedByTheirExactPatternAndTheNamesThatAreOurs) {
  const Scratch scratch;
  for (const char* name : {"a.h5.tmp.17", "a.h5.tmp.1", "a.h5.tmp.txt", "a.h5.tmp.", "tmp.5", "a.h5.tmp.12a", "b.h5.tmp.17"})
    spit(scratch / name, "x");
  std::filesystem::create_directory(scratch / "a.h5.tmp.7");

  remove_stale_temporaries(scratch.path(), [](const std::string& name) { return name == "a.h5"; });

  EXPECT_EQ(scratch.names(), (std::vector<std::string>{"a.h5.tmp.", "a.h5.tmp.12a", "a.h5.tmp.7", "a.h5.tmp.txt", "b.h5.tmp.17", "tmp.5"}));
}

TEST(OpenFile, WritesIntoNothingThatHasAnotherName) {
  const Scratch scratch;
  spit(scratch / "mine", "mine");
  std::filesystem::create_symlink("mine", scratch / "link");
  std::filesystem::create_hard_link(scratch / "mine", scratch / "second");

  EXPECT_NE(message_of<FileError>([&] { open_file(scratch / "link", O_WRONLY | O_CREAT, "create"); }).find("it is a symbolic link"),
            std::string::npos);
  EXPECT_NE(message_of<FileError>([&] { open_file(scratch / "second", O_WRONLY, "continue"); }).find("2 names"), std::string::npos);
  EXPECT_THROW(RowLog(scratch / "link", -1, 0), FileError);
  EXPECT_THROW(RowLog(scratch / "second", -1, 0), FileError);
  EXPECT_NO_THROW(open_file(scratch / "link", O_RDONLY, "read"));
  EXPECT_EQ(slurp(scratch / "mine"), "mine");
}

TEST(RowLog, CountsAndHashesWhatIsInTheFile) {
  const Scratch scratch;
  RowLog log(scratch / "trace.csv", -1, 0);
  EXPECT_EQ(log.bytes(), 0);
  EXPECT_EQ(log.hash(), hash_of(""));

  log.append("step,energy");
  log.append("0,-1.5");
  log.sync();

  EXPECT_EQ(slurp(scratch / "trace.csv"), "step,energy\n0,-1.5\n");
  EXPECT_EQ(log.bytes(), 19);
  EXPECT_EQ(log.hash(), hash_of("step,energy\n0,-1.5\n"));
}

TEST(RowLog, ContinuesAsIfItHadNeverStopped) {
  const Scratch scratch;
  std::int64_t kept = 0;
  std::uint64_t hash = 0;
  {
    RowLog log(scratch / "trace.csv", -1, 0);
    for (int i = 0; i < 20000; ++i) log.append(fmt::format("{},0.125", i));  // more than one read block
    kept = log.bytes();
    hash = log.hash();
    log.append("20000,after the checkpoint");
  }

  RowLog log(scratch / "trace.csv", kept, hash);
  EXPECT_EQ(static_cast<std::int64_t>(std::filesystem::file_size(scratch / "trace.csv")), kept);
  EXPECT_EQ(log.hash(), hash);
  log.append("20000,again");

  const std::string content = slurp(scratch / "trace.csv");
  EXPECT_TRUE(content.ends_with("\n19999,0.125\n20000,again\n"));
  EXPECT_EQ(log.hash(), hash_of(content));
  EXPECT_EQ(content.find("after the checkpoint"), std::string::npos);
}

TEST(RowLog, RefusesAFileThatIsNotTheOneTheCheckpointKnows) {
  const Scratch scratch;
  spit(scratch / "trace.csv", "0,1\n1,2\n");
  const std::uint64_t hash = hash_of("0,1\n1,2\n");

  spit(scratch / "edited.csv", "0,1\n1,3\n");
  spit(scratch / "short.csv", "0,1\n");

  EXPECT_NO_THROW(RowLog(scratch / "trace.csv", 8, hash));
  EXPECT_NE(message_of<FileError>([&] { RowLog(scratch / "edited.csv", 8, hash); }).find("are not those the checkpoint knows"), std::string::npos);
  EXPECT_NE(message_of<FileError>([&] { RowLog(scratch / "short.csv", 8, hash); }).find("has 4 bytes but the checkpoint counts 8"),
            std::string::npos);
  EXPECT_THROW(RowLog(scratch / "absent.csv", 8, hash), FileError);
  EXPECT_EQ(slurp(scratch / "edited.csv"), "0,1\n1,3\n");  // a refused file stays as it is
}

TEST(RowLog, StartsFromNothingWhenTheCheckpointCountsNoRows) {
  const Scratch scratch;
  spit(scratch / "trace.csv", "rows of a run that was killed before its first checkpoint\n");

  RowLog log(scratch / "trace.csv", 0, hash_of(""));

  EXPECT_EQ(slurp(scratch / "trace.csv"), "");
}

TEST(RowLog, LeavesNoPartOfARowThatDidNotFit) {
  const Scratch scratch;
  const bool refused = under_file_size_limit(10, [&] {
    RowLog log(scratch / "trace.csv", -1, 0);
    log.append("0,1");
    const bool failed = fails_with("[errno 27]", [&] { log.append("1,123456789"); });
    return failed && log.bytes() == 4 && log.hash() == hash_of("0,1\n");
  });

  EXPECT_TRUE(refused);
  EXPECT_EQ(slurp(scratch / "trace.csv"), "0,1\n");
}

TEST(Sha256, AgreesWithTheTestVectorsOfFips180) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(std::string(1000000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

}  // namespace
}  // namespace qs

#include "engine/run/run_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <limits>

#include "kernels/api/error.h"
#include "temporary_directory.h"

namespace qs {
namespace {

std::string refusal(const std::string& path, Existing existing) {
  try {
    const RunDirectory directory(path, existing);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(RunDirectory, IsCreatedWithItsParents) {
  const TemporaryDirectory temporary;

  const RunDirectory directory(temporary.file("a/b/c"), Existing::refuse);

  EXPECT_TRUE(std::filesystem::is_directory(temporary.file("a/b/c")));
  EXPECT_FALSE(directory.resuming());
  EXPECT_EQ(directory.file(file_names::trace), temporary.file("a/b/c/trace.csv"));
}

TEST(RunDirectory, RefusesOutputsOfAnEarlierRunAndNamesTheWaysOut) {
  const TemporaryDirectory temporary;
  put(temporary.file("trace.csv"), "1");

  EXPECT_THROW(RunDirectory(temporary.path(), Existing::refuse), InputError);
  const std::string message = refusal(temporary.path(), Existing::refuse);
  for (const char* word : {"trace.csv", "resume", "--continue", "--overwrite", "output.directory"}) {
    EXPECT_NE(message.find(word), std::string::npos) << message;
  }
  EXPECT_EQ(content(temporary.file("trace.csv")), "1");
}

TEST(RunDirectory, AcceptsADirectoryWithOnlyTheUsersFiles) {
  const TemporaryDirectory temporary;
  put(temporary.file("input.yaml"), "format: 1\n");
  put(temporary.file("notes.txt"), "mine");

  EXPECT_EQ(refusal(temporary.path(), Existing::refuse), "accepted");
}

TEST(RunDirectory, OverwritesItsOwnFilesAndNoOthers) {
  const TemporaryDirectory temporary;
  for (const char* name : {"trace.csv", "checkpoint.h5", "STOP", "notes.txt"}) put(temporary.file(name), "old");

  const RunDirectory directory(temporary.path(), Existing::overwrite);
  directory.begin("new");

  EXPECT_FALSE(directory.resuming());
  EXPECT_TRUE(directory.present().empty());
  EXPECT_FALSE(std::filesystem::exists(temporary.file("STOP")));
  EXPECT_EQ(content(temporary.file("notes.txt")), "old");
}

TEST(RunDirectory, ResumesOnlyFromACheckpoint) {
  const TemporaryDirectory temporary;
  EXPECT_THROW(RunDirectory(temporary.file("absent"), Existing::resume), CheckpointError);
  EXPECT_FALSE(std::filesystem::exists(temporary.file("absent")));
  EXPECT_THROW(RunDirectory(temporary.path(), Existing::resume), CheckpointError);
  put(temporary.file("checkpoint.prev.h5"), "x");
  put(temporary.file("input.yaml"), "first");

  const RunDirectory directory(temporary.path(), Existing::resume);
  directory.begin("second");

  EXPECT_TRUE(directory.resuming());
  EXPECT_EQ(content(temporary.file("input.yaml")), "first");
}

TEST(RunDirectory, ContinuesFromACheckpointElseStartsOver) {
  const TemporaryDirectory temporary;
  put(temporary.file("trace.csv"), "half a row");
  EXPECT_THROW(RunDirectory(temporary.path(), Existing::resume_if_present), InputError);  // no run of ours has been here
  EXPECT_FALSE(std::filesystem::exists(temporary.file("run.lock")));
  EXPECT_EQ(content(temporary.file("trace.csv")), "half a row");
  put(temporary.file("run.lock"), "");
  {
    const RunDirectory fresh(temporary.path(), Existing::resume_if_present);
    fresh.begin("input");
    EXPECT_FALSE(fresh.resuming());
    EXPECT_FALSE(std::filesystem::exists(temporary.file("trace.csv")));
  }
  put(temporary.file("checkpoint.h5"), "x");

  const RunDirectory again(temporary.path(), Existing::resume_if_present);

  EXPECT_TRUE(again.resuming());
  EXPECT_EQ(content(temporary.file("checkpoint.h5")), "x");
}

TEST(RunDirectory, KeepsASecondJobOut) {
  const TemporaryDirectory temporary;
  const RunDirectory first(temporary.path(), Existing::refuse);
  put(temporary.file("trace.csv"), "of the first");

  EXPECT_THROW(RunDirectory(temporary.path(), Existing::overwrite), FileError);

  EXPECT_NE(refusal(temporary.path(), Existing::overwrite).find(std::to_string(::getpid())), std::string::npos);
  EXPECT_EQ(content(temporary.file("trace.csv")), "of the first");
}

// Case C: a plain run removed every *.tmp.<digits>, folders included, and replaced an input.yaml of the user.
TEST(RunDirectory, LeavesFilesOfOthersAlone) {
  const TemporaryDirectory temporary;
  for (const char* name : {"notes.tmp.2026", "my.h5.tmp.1", "checkpoint.h5.tmp.1", "nonfinite.02_vmc_000003.h5.tmp.9"})
    put(temporary.file(name), "x");
  std::filesystem::create_directory(temporary.file("old.tmp.7"));
  put(temporary.file("input.yaml"), "# another\n");
  {
    const RunDirectory directory(temporary.path(), Existing::refuse);
    EXPECT_THROW(directory.begin("format: 1\n"), InputError);
  }
  EXPECT_EQ(content(temporary.file("input.yaml")), "# another\n");
  for (const char* name : {"notes.tmp.2026", "my.h5.tmp.1", "old.tmp.7"}) EXPECT_TRUE(std::filesystem::exists(temporary.file(name))) << name;
  for (const char* name : {"checkpoint.h5.tmp.1", "nonfinite.02_vmc_000003.h5.tmp.9"})
    EXPECT_FALSE(std::filesystem::exists(temporary.file(name))) << name;

  put(temporary.file("trace.csv"), "of a run");  // whose copy input.yaml then is
  const RunDirectory directory(temporary.path(), Existing::overwrite);
  directory.begin("format: 1\n");
  EXPECT_EQ(content(temporary.file("input.yaml")), "format: 1\n");
}

TEST(RunDirectory, RefusesFoldersOfTheSystemAndOfAll) {
  const TemporaryDirectory temporary;
  ::setenv("HOME", temporary.file("home/user").c_str(), 1);
  const std::string shared = temporary.file("shared");
  std::filesystem::create_directory(shared);
  ASSERT_EQ(::chmod(shared.c_str(), 01777), 0);
  std::filesystem::create_symlink("/", temporary.file("root"));

  for (const std::string& folder : {std::string("/"), std::string("/usr/lib/run"), std::string("/etc"), std::string("//usr/../"), shared,
                                    temporary.file("root"), temporary.file("home/user"), temporary.file("home")}) {
    for (const Existing existing : {Existing::refuse, Existing::overwrite, Existing::resume_if_present}) {
      EXPECT_THROW(RunDirectory(folder, existing), InputError) << folder;
      EXPECT_NE(refusal(folder, existing).find("choose a folder of its own"), std::string::npos) << refusal(folder, existing);
    }
  }
  EXPECT_FALSE(std::filesystem::exists("/run.lock"));
  EXPECT_EQ(refusal(temporary.file("home/user/run"), Existing::refuse), "accepted");
}

// Case O.
TEST(RunDirectory, FollowsNoLinkOutOfItself) {
  const TemporaryDirectory temporary;
  const RunDirectory directory(temporary.file("run"), Existing::refuse);
  std::filesystem::create_directory(temporary.file("outside"));
  std::filesystem::create_directory(directory.file("inside"));
  std::filesystem::create_symlink("../outside", directory.file("link"));
  std::filesystem::create_symlink("inside", directory.file("short"));
  std::filesystem::create_symlink("nowhere", directory.file("dangling"));

  const std::string made = directory.folder("a/b");
  EXPECT_EQ(made, std::filesystem::canonical(directory.file("a/b")).string());
  EXPECT_NO_THROW(directory.folder("short/c"));
  for (const char* name : {"link", "link/a", "dangling", "dangling/a"}) EXPECT_THROW(directory.folder(name), FileError) << name;
  EXPECT_TRUE(std::filesystem::is_empty(temporary.file("outside")));
}

TEST(RunDirectory, NamesADirectoryThatCannotBeMade) {
  const TemporaryDirectory temporary;
  put(temporary.file("file"), "");

  EXPECT_THROW(RunDirectory(temporary.file("file/below"), Existing::refuse), FileError);
  EXPECT_NE(refusal(temporary.file("file/below"), Existing::refuse).find("file/below"), std::string::npos);
}

TEST(RunDirectory, WritesTheInputByteForByte) {
  const TemporaryDirectory temporary;
  const RunDirectory directory(temporary.path(), Existing::refuse);
  const std::string bytes = "format: 1\r\n# caf\xc3\xa9\nno newline at the end";

  directory.begin(bytes);

  EXPECT_EQ(content(temporary.file("input.yaml")), bytes);
}

TEST(TraceFile, WritesAHeaderPerStageAndNumbersThatReadBack) {
  const TemporaryDirectory temporary;
  const double third = 1.0 / 3;
  TraceFile trace(temporary.file("trace.csv"), -1, 0);

  trace.begin_stage({"step", "energy", "rhat"});
  trace.append("02_vmc", {1, third, std::numeric_limits<double>::quiet_NaN()});

  const std::string text = content(temporary.file("trace.csv"));
  ASSERT_TRUE(text.starts_with("stage,step,energy,rhat\n02_vmc,1,0.3333333333333333,")) << text;
  EXPECT_TRUE(text.ends_with(",\n")) << text;
  const std::string number = text.substr(text.find("0.3"));
  double back = 0;
  std::from_chars(number.data(), number.data() + number.size(), back);
  EXPECT_EQ(back, third);
}

TEST(TraceFile, DropsRowsAfterTheCheckpointWhenResumed) {
  const TemporaryDirectory temporary;
  const std::string path = temporary.file("trace.csv");
  std::int64_t bytes = 0;
  std::uint64_t hash = 0;
  std::string undisturbed;
  {
    TraceFile trace(path, -1, 0);
    trace.begin_stage({"step"});
    trace.append("02_vmc", {1});
    bytes = trace.log().bytes();
    hash = trace.log().hash();
    trace.append("02_vmc", {2});
    undisturbed = content(path);
  }

  TraceFile resumed(path, bytes, hash);
  resumed.append("02_vmc", {2});

  EXPECT_EQ(content(path), undisturbed);
}

}  // namespace
}  // namespace qs

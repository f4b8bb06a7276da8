#include "engine/run/run_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <limits>

#include "engine/base/error.h"
#include "tests/temporary_directory.h"

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
  EXPECT_EQ(directory.trace_file("02_vmc"), temporary.file("a/b/c/trace/02_vmc.csv"));
}

TEST(RunDirectory, RefusesOutputsOfAnEarlierRunAndNamesTheWaysOut) {
  const TemporaryDirectory temporary;
  put(temporary.file("summary.json"), "1");

  EXPECT_THROW(RunDirectory(temporary.path(), Existing::refuse), InputError);
  const std::string message = refusal(temporary.path(), Existing::refuse);
  for (const char* word : {"summary.json", "resume", "--continue", "--overwrite", "output.directory"}) {
    EXPECT_NE(message.find(word), std::string::npos) << message;
  }
  EXPECT_EQ(content(temporary.file("summary.json")), "1");
}

TEST(RunDirectory, AcceptsADirectoryWithOnlyTheUsersFiles) {
  const TemporaryDirectory temporary;
  put(temporary.file("input.yaml"), "format: 1\n");
  put(temporary.file("notes.txt"), "mine");

  EXPECT_EQ(refusal(temporary.path(), Existing::refuse), "accepted");
}

TEST(RunDirectory, OverwritesItsOwnFilesAndNoOthers) {
  const TemporaryDirectory temporary;
  for (const char* name : {"summary.json", "checkpoint.h5", "STOP", "notes.txt"}) put(temporary.file(name), "old");

  const RunDirectory directory(temporary.path(), Existing::overwrite);
  directory.begin("new", "original");

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
  put(temporary.file("input.original.yaml"), "first");

  const RunDirectory directory(temporary.path(), Existing::resume);
  directory.begin("resolved", "second");

  EXPECT_TRUE(directory.resuming());
  EXPECT_EQ(content(temporary.file("input.original.yaml")), "first");
  EXPECT_EQ(content(temporary.file("input.yaml")), "resolved");
}

TEST(RunDirectory, ContinuesFromACheckpointElseStartsOver) {
  const TemporaryDirectory temporary;
  put(temporary.file("summary.json"), "half a row");
  EXPECT_THROW(RunDirectory(temporary.path(), Existing::resume_if_present), InputError);  // no run of ours has been here
  EXPECT_FALSE(std::filesystem::exists(temporary.file("run.lock")));
  EXPECT_EQ(content(temporary.file("summary.json")), "half a row");
  put(temporary.file("run.lock"), "");
  {
    const RunDirectory fresh(temporary.path(), Existing::resume_if_present);
    fresh.begin("input", "original");
    EXPECT_FALSE(fresh.resuming());
    EXPECT_FALSE(std::filesystem::exists(temporary.file("summary.json")));
  }
  put(temporary.file("checkpoint.h5"), "x");

  const RunDirectory again(temporary.path(), Existing::resume_if_present);

  EXPECT_TRUE(again.resuming());
  EXPECT_EQ(content(temporary.file("checkpoint.h5")), "x");
}

TEST(RunDirectory, KeepsASecondJobOut) {
  const TemporaryDirectory temporary;
  const RunDirectory first(temporary.path(), Existing::refuse);
  put(temporary.file("summary.json"), "of the first");

  EXPECT_THROW(RunDirectory(temporary.path(), Existing::overwrite), FileError);

  EXPECT_NE(refusal(temporary.path(), Existing::overwrite).find(std::to_string(::getpid())), std::string::npos);
  EXPECT_EQ(content(temporary.file("summary.json")), "of the first");
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
    EXPECT_THROW(directory.begin("copy", "format: 1\n"), InputError);
  }
  EXPECT_EQ(content(temporary.file("input.yaml")), "# another\n");
  for (const char* name : {"notes.tmp.2026", "my.h5.tmp.1", "old.tmp.7"}) EXPECT_TRUE(std::filesystem::exists(temporary.file(name))) << name;
  for (const char* name : {"checkpoint.h5.tmp.1", "nonfinite.02_vmc_000003.h5.tmp.9"})
    EXPECT_FALSE(std::filesystem::exists(temporary.file(name))) << name;

  put(temporary.file("summary.json"), "of a run");  // whose copy input.yaml then is
  {
    const RunDirectory directory(temporary.path(), Existing::overwrite);
    directory.begin("copy", "format: 1\n");
    EXPECT_EQ(content(temporary.file("input.yaml")), "copy");
  }
  put(temporary.file("input.yaml"), "format: 1\n");  // the very file that the run is started with
  const RunDirectory directory(temporary.path(), Existing::overwrite);
  directory.begin("copy", "format: 1\n");
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

TEST(RunDirectory, WritesTheInputByteForByteBesideTheResolvedOne) {
  const TemporaryDirectory temporary;
  const RunDirectory directory(temporary.path(), Existing::refuse);
  const std::string bytes = "format: 1\r\n# caf\xc3\xa9\nno newline at the end";

  directory.begin("resolved", bytes);

  EXPECT_EQ(content(temporary.file("input.original.yaml")), bytes);
  EXPECT_EQ(content(temporary.file("input.yaml")), "resolved");
}

TEST(RunDirectory, OverwritesTheTablesOfItsStagesAndNoOtherFileBesideThem) {
  const TemporaryDirectory temporary;
  std::filesystem::create_directory(temporary.file("trace"));
  for (const char* name : {"trace/01_pretrain.csv", "trace/02_vmc.csv"}) put(temporary.file(name), "old");
  EXPECT_NE(refusal(temporary.path(), Existing::refuse).find("trace"), std::string::npos);
  RunDirectory(temporary.path(), Existing::overwrite).begin("", "");
  EXPECT_FALSE(std::filesystem::exists(temporary.file("trace")));

  std::filesystem::create_directory(temporary.file("trace"));
  for (const char* name : {"trace/02_vmc.csv", "trace/mine.csv"}) put(temporary.file(name), "old");
  RunDirectory(temporary.path(), Existing::overwrite).begin("", "");
  EXPECT_FALSE(std::filesystem::exists(temporary.file("trace/02_vmc.csv")));
  EXPECT_EQ(content(temporary.file("trace/mine.csv")), "old");
}

TEST(RunDirectory, PutsNoTableBehindALinkOutOfTheRun) {
  const TemporaryDirectory temporary;
  std::filesystem::create_directory(temporary.file("elsewhere"));
  const RunDirectory directory(temporary.file("run"), Existing::refuse);
  std::filesystem::create_directory_symlink(temporary.file("elsewhere"), temporary.file("run/trace"));

  EXPECT_THROW(directory.trace_file("02_vmc"), FileError);
}

TEST(TraceFile, WritesAHeaderAndNumbersThatReadBack) {
  const TemporaryDirectory temporary;
  const double third = 1.0 / 3;
  TraceFile trace(temporary.file("02_vmc.csv"), {"step", "energy", "rhat"});

  trace.append({1, third, std::numeric_limits<double>::quiet_NaN()});

  const std::string text = content(temporary.file("02_vmc.csv"));
  ASSERT_TRUE(text.starts_with("step,energy,rhat\n1,0.3333333333333333,")) << text;
  EXPECT_TRUE(text.ends_with(",\n")) << text;
  const std::string number = text.substr(text.find("0.3"));
  double back = 0;
  std::from_chars(number.data(), number.data() + number.size(), back);
  EXPECT_EQ(back, third);
}

TEST(TraceFile, DropsRowsAfterTheCheckpointWhenResumed) {
  const TemporaryDirectory temporary;
  const std::string path = temporary.file("02_vmc.csv");
  std::int64_t bytes = 0;
  std::uint64_t hash = 0;
  std::string undisturbed;
  {
    TraceFile trace(path, {"step"});
    trace.append({1});
    bytes = trace.log().bytes();
    hash = trace.log().hash();
    trace.append({2});
    undisturbed = content(path);
  }

  TraceFile resumed(path, bytes, hash);
  resumed.append({2});

  EXPECT_EQ(content(path), undisturbed);
}

}  // namespace
}  // namespace qs

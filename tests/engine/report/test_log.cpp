#include "engine/report/log.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "engine/base/error.h"
#include "engine/job/signals.h"
#include "tests/temporary_directory.h"

namespace qs {
namespace {

TEST(RunLog, AppendsToAnEarlierLog) {
  const TemporaryDirectory directory;
  { RunLog(directory.file("run.log")).line("first leg"); }

  RunLog log(directory.file("run.log"));
  log.line("second leg");

  EXPECT_EQ(content(directory.file("run.log")), "first leg\nsecond leg\n");
}

TEST(RunLog, NamesAPathItCannotOpen) {
  try {
    RunLog log("/nonexistent/run.log");
    FAIL() << "opened a file in a directory that does not exist";
  } catch (const FileError& error) {
    EXPECT_NE(std::string(error.what()).find("/nonexistent/run.log"), std::string::npos);
  }
}

TEST(RunLog, FallsSilentOnAFullDiskAndSaysWhy) {
  const TemporaryDirectory directory;
  const SignalListener ignores_sigxfsz;
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  RunLog log(directory.file("run.log"));
  rlimit small = before;
  small.rlim_cur = 8;

  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  log.line("longer than eight bytes");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  log.line("not written any more");

  EXPECT_NE(log.problem().find("File too large"), std::string::npos);
  EXPECT_EQ(content(directory.file("run.log")), "longer t");
}

TEST(LogHeader, NamesWhatMadeTheRun) {
  Provenance provenance;
  provenance.build.version = "1.2.3";
  provenance.build.git_hash = "abc";
  provenance.hosts = {"a", "a", "b"};
  provenance.ranks = 3;
  provenance.device = "cpu";
  provenance.instruction_set = "avx2";

  std::string header;
  for (const std::string& line : log_header(provenance, 42, "feed")) header += line + "\n";

  EXPECT_NE(header.find("qstage-vmc 1.2.3 (git abc)"), std::string::npos);
  EXPECT_NE(header.find("3 x 1 thread, a: ranks 0-1, b: rank 2"), std::string::npos) << header;
  EXPECT_NE(header.find("cpu, instruction set avx2"), std::string::npos);
  EXPECT_NE(header.find("seed         42"), std::string::npos);
  EXPECT_NE(header.find("feed"), std::string::npos);
}

}  // namespace
}  // namespace qs

// A thread or a work buffer that the system refuses: each in a process of its own, whose limits it lowers.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <new>
#include <string>
#include <vector>

#include "engine/base/parallel.h"
#include "engine/base/resources.h"
#include "kernels/api/linear_algebra.h"

namespace qs {
namespace {

// The address space of this process may grow by `bytes`.
void limit_addresses(std::size_t bytes) {
  long pages = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  ASSERT_EQ(std::fscanf(file, "%ld", &pages), 1);
  std::fclose(file);
  const rlim_t limit = static_cast<rlim_t>(pages) * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + bytes;
  const rlimit bound{limit, limit};
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &bound), 0);
}

// Runs `work` and leaves with 6 if it says `words`.
template <class Work>
[[noreturn]] void leave_by(Work&& work, const std::string& words) {
  try {
    work();
  } catch (const std::bad_alloc& error) {
    const std::string text = out_of_memory_text(error);
    std::fprintf(stderr, "%s\n", text.c_str());
    std::_Exit(text.find(words) != std::string::npos ? 6 : 1);
  }
  std::_Exit(0);
}

using RefusedResourcesDeathTest = testing::Test;

// Case M: std::terminate ended the program, because the threads that had started were not joined.
TEST(RefusedResourcesDeathTest, AThreadThatCannotBeStartedIsReportedAfterTheOthersAreJoined) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        set_threads(64);
        limit_addresses(std::size_t{60} << 20);  // the stacks of a few threads
        std::atomic<int> done{0};
        leave_by([&] { parallel_for(1000, [&](std::int64_t) { ++done; }); }, "of 64 (Resource temporarily unavailable); lower `threads`");
      },
      testing::ExitedWithCode(6), "cannot start thread");
}

// Case G: OpenBLAS asked again for ever.
TEST(RefusedResourcesDeathTest, AWorkBufferThatOpenBlasCannotGetIsReported) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        std::vector<double> a(64 * 64, 0);
        for (int i = 0; i < 64; ++i) a[i * 65] = 1;
        limit_addresses(std::size_t{64} << 20);
        leave_by([&] { kernels::matrices<double>(Device::cpu).cholesky(64, a.data(), 64); }, "raise the limit (ulimit -v");
      },
      testing::ExitedWithCode(6), "work buffer of OpenBLAS");
}

TEST(RefusedResourcesDeathTest, ASecondCallNeedsNoSecondBuffer) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        std::vector<double> a(64 * 64, 0);
        for (int i = 0; i < 64; ++i) a[i * 65] = 1;
        kernels::matrices<double>(Device::cpu).cholesky(64, a.data(), 64);
        limit_addresses(std::size_t{64} << 20);
        leave_by([&] { kernels::matrices<double>(Device::cpu).cholesky(64, a.data(), 64); }, "");
      },
      testing::ExitedWithCode(0), "");
}

TEST(ParallelItems, AreCountedWhetherThreadsHelpOrNot) {
  const std::uint64_t before = parallel_items_done();
  set_threads(1);
  parallel_for(5, [](std::int64_t) {});
  set_threads(2);
  parallel_for(7, [](std::int64_t) {});

  EXPECT_EQ(parallel_items_done() - before, 12u);
}

}  // namespace
}  // namespace qs

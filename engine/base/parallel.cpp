#include "engine/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/resources.h"
#include "engine/base/subnormals.h"

namespace qs {
namespace {

int initial_threads() {
  const char* text = std::getenv("OMP_NUM_THREADS");
  const int wanted = text ? std::atoi(text) : 1;
  return std::max(wanted, 1);
}

std::atomic<std::uint64_t>& items_done() {
  static std::atomic<std::uint64_t> count{0};
  return count;
}

std::atomic<int>& thread_count() {
  static std::atomic<int> count{initial_threads()};
  return count;
}

}  // namespace

void set_threads(int threads) {
  QS_ASSERT(threads >= 1);
  thread_count() = threads;
}

int threads() { return thread_count(); }

std::uint64_t parallel_items_done() { return items_done().load(std::memory_order_relaxed); }

void parallel_for(std::int64_t count, const std::function<void(std::int64_t)>& body) {
  const int workers = static_cast<int>(std::min<std::int64_t>(threads(), count));
  if (workers <= 1) {
    const SubnormalsAreZero mode;
    for (std::int64_t i = 0; i < count; ++i) {
      body(i);
      items_done().fetch_add(1, std::memory_order_relaxed);
    }
    return;
  }
  std::atomic<std::int64_t> next{0};
  std::vector<std::exception_ptr> failures(count);
  const auto work = [&] {
    const SubnormalsAreZero mode;
    for (std::int64_t i = next++; i < count; i = next++) {
      try {
        body(i);
      } catch (...) {
        failures[i] = std::current_exception();
      }
      items_done().fetch_add(1, std::memory_order_relaxed);
    }
  };
  {
    std::vector<std::jthread> pool;  // joined whatever happens
    try {
      for (int k = 1; k < workers; ++k) pool.emplace_back(work);
    } catch (const std::system_error& error) {
      next = count;
      throw OutOfResources("cannot start thread " + std::to_string(pool.size() + 2) + " of " + std::to_string(workers) + " (" +
                           error.code().message() + "); lower `threads` or raise the limit on processes (ulimit -u, or that of the job)");
    }
    work();
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace qs

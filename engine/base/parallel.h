// Threads run whole chunks of work; the chunk boundaries are the caller's and never depend on the number of threads.
#pragma once

#include <cstdint>
#include <functional>

namespace qs {

// Number of threads parallel_for uses from now on (>= 1; default: OMP_NUM_THREADS, else 1).
void set_threads(int threads);
int threads();

// Runs body(i) for 0 <= i < count, each index on exactly one thread, with numbers below the normal range taken as zero (subnormals.h says
// why). The first exception (lowest index) is rethrown after all ended. OutOfResources if a thread cannot be started; then some bodies have run.
void parallel_for(std::int64_t count, const std::function<void(std::int64_t)>& body);
// Bodies that have ended in this process: it grows while the process works.
std::uint64_t parallel_items_done();

}  // namespace qs

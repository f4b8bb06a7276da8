#include "engine/bench/beside_peak.h"

#include <time.h>

#include <algorithm>
#include <limits>

#include "kernels/api/peak.h"

namespace qs {
namespace {

constexpr double shortest = 2e-4;  // seconds: what one measurement takes at least, so that reading the clock costs below 1 %
constexpr int least_rounds = 5;

// Processor time of this thread: time that other processes take does not count.
double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double multiply_add_rate(Precision precision) {
  constexpr std::int64_t steps = 60000;  // about 0.2 ms
  const double start = processor_seconds();
  const double operations = precision == Precision::float32 ? kernels::multiply_adds<float>(steps) : kernels::multiply_adds<double>(steps);
  return operations / (processor_seconds() - start);
}

double seconds_of_run(const Work& work, int runs) {
  if (work.prepare) work.prepare();
  const double start = processor_seconds();
  for (int k = 0; k < runs; ++k) work.run();
  return (processor_seconds() - start) / runs;
}

}  // namespace

BesidePeak measure_beside_peak(Precision precision, const Work& work, double budget) {
  const double first = std::max(seconds_of_run(work, 1), 1e-9);  // also fills caches and workspaces
  const int runs = work.prepare ? 1 : static_cast<int>(std::max(1.0, shortest / first));
  BesidePeak best{std::numeric_limits<double>::infinity(), 0};
  const double start = processor_seconds();
  for (int round = 0; round < least_rounds || processor_seconds() - start < budget; ++round) {
    best.peak = std::max(best.peak, multiply_add_rate(precision));
    best.seconds = std::min(best.seconds, seconds_of_run(work, runs));
  }
  return best;
}

}  // namespace qs

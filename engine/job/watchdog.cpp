#include "engine/job/watchdog.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <system_error>
#include <utility>

#include "engine/base/resources.h"

namespace qs {
namespace {

constexpr double looks_per_patience = 10;
// A rank that only waits lets the others speak first: the one that hangs by itself knows better where, and one line is enough.
constexpr double politeness = 2;  // seconds

// A thread takes the signal mask of its maker; signals belong to the main thread, whose calls they are to interrupt.
std::thread without_signals(const std::function<void()>& body) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread;
  std::error_code failure;
  try {
    thread = std::thread(body);
  } catch (const std::system_error& error) {
    failure = error.code();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (failure)
    throw OutOfResources(fmt::format("cannot start the thread of limits.watchdog ({}); raise the limit on processes (ulimit -u, or that of the job)",
                                     failure.message()));
  return thread;
}

}  // namespace

Watchdog::Watchdog(WatchdogOptions options)
    : options_(std::move(options)), period_(options_.patience / looks_per_patience), rule_(options_.patience, period_) {
  thread_ = without_signals([this] { watch(); });
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Watchdog::begin_stage(const std::string& name, Pace pace) {
  const std::lock_guard lock(mutex_);
  rule_.begin_stage(name, pace);
}

void Watchdog::begin_step(std::int64_t step) {
  const std::lock_guard lock(mutex_);
  rule_.begin_step(step, options_.clock.seconds());
}

void Watchdog::end_step() {
  const std::lock_guard lock(mutex_);
  rule_.end_step(options_.clock.seconds());
}

void Watchdog::enter_phase(const std::string& name) {
  const std::lock_guard lock(mutex_);
  phase_ = name;
  ++changes_;
}

void Watchdog::watch_collective(const std::function<void()>& collective) {
  ++changes_;
  waiting_ = true;
  try {
    collective();
  } catch (...) {
    waiting_ = false;
    throw;
  }
  waiting_ = false;
}

std::uint64_t Watchdog::signs_of_life() const { return changes_ + (options_.work_done ? options_.work_done() : 0); }

void Watchdog::watch() {
  std::uint64_t seen = signs_of_life();
  std::unique_lock lock(mutex_);
  while (sleep(lock, period_)) {
    lock.unlock();  // the main thread does not wait for files to be read
    const std::vector<int> stopped = stopped_ranks();
    lock.lock();
    if (const std::uint64_t signs = signs_of_life(); waiting_ || signs != std::exchange(seen, signs)) rule_.alive(options_.clock.seconds());
    const auto reason = rule_.judge(options_.clock.seconds(), stopped);
    if (!reason || ending_) continue;
    const std::string text = sentence(*reason);
    if (!speaks_first(stopped) && !sleep(lock, politeness)) return;
    lock.unlock();
    options_.end_job(text);
    return;
  }
}

std::vector<int> Watchdog::stopped_ranks() const {
  std::vector<int> stopped;
  for (const RankProcess& process : options_.neighbours) {
    if (is_stopped(process)) stopped.push_back(process.rank);
  }
  return stopped;
}

// Where a rank is stopped, the lowest other rank of its machine; where a step is too long, ranks that do not wait for others.
bool Watchdog::speaks_first(const std::vector<int>& stopped) const {
  if (stopped.empty()) return !waiting_;
  return std::all_of(options_.neighbours.begin(), options_.neighbours.end(), [&](const RankProcess& other) {
    return other.rank > options_.rank || std::find(stopped.begin(), stopped.end(), other.rank) != stopped.end();
  });
}

std::string Watchdog::sentence(const std::string& reason) const {
  const std::string phase = phase_.empty() ? "" : fmt::format(", phase '{}'", phase_);
  return fmt::format("{}; rank {} {} in {}{}", reason, options_.rank, waiting_ ? "waits for others" : "works", rule_.place(), phase);
}

bool Watchdog::sleep(std::unique_lock<std::mutex>& lock, double seconds) {
  return !wake_.wait_for(lock, std::chrono::duration<double>(seconds), [this] { return ending_; });
}

}  // namespace qs

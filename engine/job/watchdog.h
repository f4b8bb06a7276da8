// Ends a job that hangs (limits.watchdog): without it one stopped rank, or a GPU call that never returns, keeps the others waiting until the
// batch system's time limit. A thread of every rank judges (hang_rule.h); it never calls MPI.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/job/clock.h"
#include "engine/job/hang_rule.h"
#include "engine/job/rank_processes.h"

namespace qs {

struct WatchdogOptions {
  int rank = 0;
  double patience = 300;                // seconds
  std::vector<RankProcess> neighbours;  // of this rank, on this machine
  Clock clock;
  // Grows while this process works (kernels/api/parallel.h); may be empty.
  std::function<std::uint64_t()> work_done = {};
  // Called at most once, from the watchdog's thread, with a sentence for the user; must not return to a job that goes on.
  std::function<void(const std::string&)> end_job;
};

class Watchdog {
 public:
  explicit Watchdog(WatchdogOptions options);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void begin_stage(const std::string& name, Pace pace);
  void begin_step(std::int64_t step);
  void end_step();
  // "" between phases.
  void enter_phase(const std::string& name);
  // Runs a collective; meanwhile this rank counts as waiting for others.
  void watch_collective(const std::function<void()>& collective);

 private:
  void watch();
  std::uint64_t signs_of_life() const;
  std::vector<int> stopped_ranks() const;
  bool speaks_first(const std::vector<int>& stopped) const;
  std::string sentence(const std::string& reason) const;
  // False if the watchdog is to end within `seconds`.
  bool sleep(std::unique_lock<std::mutex>& lock, double seconds);

  WatchdogOptions options_;
  double period_;
  mutable std::mutex mutex_;  // of all below
  std::condition_variable wake_;
  bool ending_ = false;
  HangRule rule_;
  std::string phase_;
  std::atomic<bool> waiting_ = false;
  std::atomic<std::uint64_t> changes_ = 0;  // of phases and collectives
  std::thread thread_;
};

}  // namespace qs

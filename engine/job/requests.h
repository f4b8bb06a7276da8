// What the world asks of a running job, asked once per step: signals of any rank, stop files, the time limit. One reduction makes it one
// decision, so all ranks act in the same step.
#pragma once

#include <string>

#include "engine/comm/communicator.h"
#include "engine/job/clock.h"
#include "engine/job/signals.h"
#include "engine/job/wall_time.h"

namespace qs {

// Ordered: the strongest wish of any rank wins.
enum class Request {
  none,
  checkpoint,  // write one, go on
  stop,        // write one, exit 75
  abandon,     // a second SIGTERM or SIGINT: leave after this step without a checkpoint, exit 128 + n
};

class Requests {
 public:
  // `directory`: where STOP and CHECKPOINT files are looked for (root only, every 20 s; a file is removed once seen). Listens
  // to signals while alive; a listener that began earlier (main's) hands over what it has counted.
  Requests(std::string directory, WallTime wall_time, Clock clock);

  // Collective, once per step.
  Request poll(Communicator& comm);
  // Of the last poll that was not `none`, the same on every rank: "signal 15 (Terminated)", "a STOP file", "the time limit".
  std::string reason() const;
  // 75 for stop, 128 + n for abandon, 0 otherwise; belongs to the last poll.
  int exit_code() const;

  // Tell it how long steps and checkpoints take: the time limit needs it.
  WallTime& wall_time() { return wall_time_; }

 private:
  enum class Cause { none, signal, file, time_limit };
  struct Wish {
    Request request = Request::none;
    Cause cause = Cause::none;
    int signal = 0;
  };
  // One integer whose order is the order of wishes, and back.
  static std::int64_t pack(const Wish& wish);
  static Wish unpack(std::int64_t packed);
  Wish from_signals();
  Wish from_files();
  Wish strongest_of_mine(bool is_root);

  std::string directory_;
  WallTime wall_time_;
  Clock clock_;
  SignalListener signals_;
  int checkpoints_served_ = 0;
  double files_seen_;
  Wish last_;
};

}  // namespace qs

// The processes of a job that run on one machine, and whether they are stopped.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "engine/comm/communicator.h"

namespace qs {

struct RankProcess {
  int rank = 0;
  pid_t pid = 0;
  std::uint64_t started = 0;  // clock ticks since boot: tells the process from another one with its number
};

// The other processes of this job on this machine, by rank. Collective.
std::vector<RankProcess> neighbours(Communicator& comm);

// Stopped by a signal (state T of /proc/<pid>/stat). A process that is gone, hidden or under a debugger is not.
bool is_stopped(const RankProcess& process);

}  // namespace qs

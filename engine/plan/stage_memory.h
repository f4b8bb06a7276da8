// What a stage holds in the memory of a host, estimated before anything is allocated; rank 0, which also solves and writes the files.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/plan/plan.h"

namespace qs {

// Bytes beside the program itself (about 40 MiB with its libraries).
struct StageMemory {
  std::int64_t exact = 0;    // exact states kept since an earlier stage or found in this one, with their work vectors and copies for the files
  std::int64_t network = 0;  // parameters, their optimizer's, activations of all threads
  std::int64_t samples = 0;  // configurations, log psi, local energies and their gathered copies
  std::int64_t update = 0;   // derivatives, matrix, partial sums

  std::int64_t total() const { return exact + network + samples + update; }
};

// Exact states that stay in memory until the end, with their copies for the files: of all stages together.
std::int64_t kept_exact_states(const RunPlan& plan);
// What each stage works with, without parameters and on no device in particular; null where it needs none.
using StageNetworks = std::vector<std::unique_ptr<Wavefunction>>;
StageNetworks networks_of(const RunPlan& plan);
// One per stage.
std::vector<StageMemory> stage_memory(const RunPlan& plan, const StageNetworks& networks, int ranks);
// "0.61 GiB on rank 0 (derivatives and matrix 0.55 GiB, samples 0.04 GiB)"
std::string describe(const StageMemory& memory);

// The first stage that takes more than limits.memory.
struct MemoryExcess {
  int stage = 0;
  std::string text;  // what it takes, and the limit
  std::string key;   // that makes it smaller
};
std::optional<MemoryExcess> memory_excess(const RunPlan& plan, const StageNetworks& networks, int ranks);

}  // namespace qs

// Picks the device's table and forwards.
#include "kernels/api/chains.h"

#include "engine/base/error.h"
#include "kernels/dispatch/chains_table.h"

namespace qs::kernels {
namespace {

const ChainTable& on(Device device) {
  switch (device) {
    case Device::reference:
    case Device::cpu:
      return reference::chain_table();
    case Device::cuda:
      return cuda::chain_table();
  }
  throw NotBuilt("the requested device");
}

}  // namespace

std::int64_t chains_per_call(Device device) { return on(device).chains_per_call; }

void propose(Device device, const MoveMixtures& mixtures, RandomKey key, const Chains& chains, const Candidates& candidates) {
  on(device).propose(mixtures, key, chains, candidates);
}

void accept(Device device, int moves, RandomKey key, double power, const Chains& chains, const Candidates& candidates) {
  on(device).accept(moves, key, power, chains, candidates);
}

}  // namespace qs::kernels

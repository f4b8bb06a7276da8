// What a device offers behind kernels/api/chains.h. Shapes and meaning of the arguments: see there.
#pragma once

#include "kernels/api/chains.h"

namespace qs::kernels {

struct ChainTable {
  std::int64_t chains_per_call;
  void (*propose)(MoveMixtures mixtures, RandomKey key, Chains chains, Candidates candidates);
  void (*accept)(int moves, RandomKey key, double power, Chains chains, Candidates candidates);
};

namespace reference {  // also of the cpu device
const ChainTable& chain_table();
}
namespace cuda {
const ChainTable& chain_table();
}

}  // namespace qs::kernels

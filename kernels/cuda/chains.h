// Metropolis chains of the CUDA device, on a Queue (see network.h).
#pragma once

#include "kernels/bodies/chains.h"

namespace qs::kernels::cuda {

template <class Queue>
struct MarkovChains {
  static void propose(MoveMixtures mixtures, RandomKey key, Chains chains, Candidates candidates) {
    Queue().for_each(chains.count, ProposeCandidate{mixtures, key, chains, candidates});
  }
  static void accept(int moves, RandomKey key, double power, Chains chains, Candidates candidates) {
    Queue().for_each(chains.count, AcceptCandidate{moves, key, power, chains, candidates});
  }

  static ChainTable table() { return {propose, accept}; }
};

}  // namespace qs::kernels::cuda

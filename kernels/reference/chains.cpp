// Metropolis chains on the host, also of the cpu device: what a network evaluation costs is far more.
#include "kernels/bodies/chains.h"

#include "kernels/reference/install.h"

namespace qs::kernels::reference {
namespace {

void propose(MoveMixtures mixtures, RandomKey key, Chains chains, Candidates candidates) {
  for (std::int64_t c = 0; c < chains.count; ++c) ProposeCandidate{mixtures, key, chains, candidates}(c);
}

void accept(int moves, RandomKey key, double power, Chains chains, Candidates candidates) {
  for (std::int64_t c = 0; c < chains.count; ++c) AcceptCandidate{moves, key, power, chains, candidates}(c);
}

}  // namespace

void install_chains(ChainTable& table) { table = {propose, accept}; }

}  // namespace qs::kernels::reference

// A Metropolis move in flat tables, the same on host and device: from a state and four random words to the bits that flip and the exact log ratio
// L = ln q(sigma' -> sigma) - ln q(sigma -> sigma'). The wavefunction plays no part here, nor does any fermion sign.
#pragma once

#include <cstdint>

#include "engine/base/host_device.h"
#include "engine/base/random.h"

namespace qs {

struct Proposal {
  int modes[2] = {0, 0};  // bits to flip; count of them used
  int count = 0;          // 0: the chain stays, counted as a rejected proposal
  double log_ratio = 0;
};

namespace kernels {

// flip: one of the modes, uniformly, L = 0. swap: one of the n(sigma) listed pairs whose ends differ, uniformly, L = ln n(sigma) - ln n(sigma').
enum class MoveRule : std::int32_t { flip, swap };

struct MoveTable {
  MoveRule rule;
  std::int32_t modes, words;
  const std::uint64_t* partners;  // [modes][words]: the modes each one is paired with, so that pairs are counted by popcount; swap
  const double* log_count;        // ln n, from n = 0 to the number of pairs; swap
};

QS_HOST_DEVICE inline int count_bits(std::uint64_t word) {
#ifdef __CUDA_ARCH__
  return __popcll(word);
#else
  return __builtin_popcountll(word);
#endif
}

QS_HOST_DEVICE inline int lowest_bit(std::uint64_t word) {
#ifdef __CUDA_ARCH__
  return __ffsll(static_cast<long long>(word)) - 1;
#else
  return __builtin_ctzll(word);
#endif
}

// How many modes are partners of `mode`; how many of them are set; how many are empty.
QS_HOST_DEVICE inline int count_partners(const MoveTable& move, int mode) {
  int count = 0;
  for (int w = 0; w < move.words; ++w) count += count_bits(move.partners[mode * move.words + w]);
  return count;
}
QS_HOST_DEVICE inline int count_set_partners(const MoveTable& move, const std::uint64_t* row, int mode) {
  int count = 0;
  for (int w = 0; w < move.words; ++w) count += count_bits(move.partners[mode * move.words + w] & row[w]);
  return count;
}
QS_HOST_DEVICE inline int count_empty_partners(const MoveTable& move, const std::uint64_t* row, int mode) {
  int count = 0;
  for (int w = 0; w < move.words; ++w) count += count_bits(move.partners[mode * move.words + w] & ~row[w]);
  return count;
}

// The n-th of the empty partners, n < count_empty_partners.
QS_HOST_DEVICE inline int empty_partner(const MoveTable& move, const std::uint64_t* row, int mode, int n) {
  for (int w = 0; w < move.words; ++w) {
    std::uint64_t rest = move.partners[mode * move.words + w] & ~row[w];
    const int here = count_bits(rest);
    if (n >= here) {
      n -= here;
      continue;
    }
    for (; n > 0; --n) rest &= rest - 1;
    return 64 * w + lowest_bit(rest);
  }
  return -1;
}

// n(sigma): how many equally likely proposals there are. A pair with unlike ends counts at its set end.
QS_HOST_DEVICE inline int count_proposals(const MoveTable& move, const std::uint64_t* row) {
  if (move.rule == MoveRule::flip) return move.modes;
  int count = 0;
  for (int w = 0; w < move.words; ++w) {
    for (std::uint64_t rest = row[w]; rest != 0; rest &= rest - 1) count += count_empty_partners(move, row, 64 * w + lowest_bit(rest));
  }
  return count;
}

// n(sigma') - n(sigma) when set mode i and empty mode j swap: only pairs at i and j change (the pair (i,j) itself differs before and after).
QS_HOST_DEVICE inline int change_of_proposals(const MoveTable& move, const std::uint64_t* row, int i, int j) {
  const int degree_i = count_partners(move, i), degree_j = count_partners(move, j);
  const int set_at_i = count_set_partners(move, row, i), set_at_j = count_set_partners(move, row, j);
  // Before: i counts empty partners, j set ones. After: the reverse, with j no longer empty among i's partners and i no longer set among j's.
  const int before = degree_i - set_at_i + set_at_j;
  const int after = (set_at_i + 1) + degree_j - (set_at_j - 1);
  return after - before;
}

// Swaps the k-th of the n = n(sigma) pairs with unlike ends, k < n.
QS_HOST_DEVICE inline Proposal swap_pair(const MoveTable& move, const std::uint64_t* row, int n, int k) {
  Proposal proposal;
  for (int w = 0; w < move.words; ++w) {
    for (std::uint64_t rest = row[w]; rest != 0; rest &= rest - 1) {
      const int mode = 64 * w + lowest_bit(rest);
      const int here = count_empty_partners(move, row, mode);
      if (k >= here) {
        k -= here;
        continue;
      }
      proposal.modes[0] = mode;
      proposal.modes[1] = empty_partner(move, row, mode, k);
      proposal.count = 2;
      const int change = change_of_proposals(move, row, proposal.modes[0], proposal.modes[1]);
      if (change != 0) proposal.log_ratio = move.log_count[n] - move.log_count[n + change];
      return proposal;
    }
  }
  return proposal;
}

// `random`: words drawn for this proposal alone; the first two are used.
QS_HOST_DEVICE inline Proposal propose(const MoveTable& move, const std::uint64_t* row, const RandomWords& random) {
  const int n = count_proposals(move, row);
  if (n == 0) return {};
  const int k = static_cast<int>(uniform_below(static_cast<std::uint32_t>(n), random.word[0], random.word[1]));
  if (move.rule == MoveRule::swap) return swap_pair(move, row, n, k);
  Proposal proposal;
  proposal.modes[0] = k;
  proposal.count = 1;
  return proposal;
}

}  // namespace kernels
}  // namespace qs

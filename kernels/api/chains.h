// Metropolis chains where the device computes: propose, then (by a network) log psi of the candidates, then accept. Chains are independent of each
// other and of the device: every random number is a function of (key, stream of the chain, its step, draw). Pointers lead into the memory of the
// device (kernels/api/memory.h).
#pragma once

#include <cstdint>

#include "engine/base/random.h"
#include "kernels/api/device.h"
#include "kernels/api/moves.h"

namespace qs::kernels {

// Draws of one proposal.
constexpr std::uint32_t draw_move = 0;    // all words: the move
constexpr std::uint32_t draw_choice = 1;  // words 0, 1: acceptance; words 2, 3: which move of the mixture
constexpr std::uint32_t draw_rest = 2;    // word 0: whether the last proposal of a sweep is made

// Candidates::flips of a chain that rests: nothing is proposed, and so nothing is counted.
constexpr std::int32_t resting = -1;

// Every problem has the same number of moves, drawn with the same probabilities.
struct MoveMixtures {
  int moves;
  const MoveTable* table;  // [problems][moves]
  const double* edge;      // [moves]: upper edges of the moves' intervals in [0, 1]
};

struct Chains {
  std::int64_t count;
  int words;
  std::uint32_t stream;         // random stream of the first chain; the others follow
  std::uint64_t* rows;          // [count][words]
  const std::int32_t* problem;  // [count]
  double *re, *im;              // [count]: log psi of the rows
  std::uint64_t* step;          // [count]: proposals since the random start, rests among them
  std::uint64_t sweep;          // proposals of a sweep
  // Since they were cleared.
  std::int64_t *proposed, *accepted;  // [count][moves]
  std::int64_t* invalid;              // [count]: candidates whose log psi is not a number (or overflows), rejected
};

struct Candidates {
  std::uint64_t* rows;  // [count][words]
  double *re, *im;      // [count]: log psi of them
  std::int32_t* move;   // [count]: which move of the mixture
  std::int32_t* flips;  // [count]: bits that differ; 0: no move was found; `resting`. Without a flip the chain stays, and log psi is not read
  double* log_ratio;    // [count]: L of the move
};

// Whether a chain makes no proposal in this step: in the last one of every sweep, with probability 1/2, by a coin of its own. Hops that are always
// accepted alternate between the two halves of a bipartite graph, so that sweeps of an even number of them would show one half alone: their kernel K
// has the eigenvalue -1. K^(n-1) (1 + K)/2 keeps the stationary distribution and detailed balance, and has the eigenvalue 0 in its place.
QS_HOST_DEVICE inline bool rests(RandomKey key, std::uint32_t stream, std::uint64_t step, std::uint64_t sweep) {
  return (step + 1) % sweep == 0 && random_words(key, stream, step, draw_rest).word[0] >> 31 == 0;
}

// How many chains one call should take: on the host few, so that threads share them, on cuda all, from one thread.
std::int64_t chains_per_call(Device device);

struct ChainTable {
  // One candidate per chain, or a rest.
  void (*propose)(MoveMixtures mixtures, RandomKey key, Chains chains, Candidates candidates);
  // Accepts iff u < exp(power [Re log psi' - Re log psi] + L); the exponent is rounded after each operation. psi' = 0 is an ordinary rejection.
  // Counts, and advances the step.
  void (*accept)(int moves, RandomKey key, double power, Chains chains, Candidates candidates);
};

const ChainTable& chains(Device device);

}  // namespace qs::kernels

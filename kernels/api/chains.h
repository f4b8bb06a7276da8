// Metropolis chains where the device computes: propose, then (by a network) log psi of the candidates, then accept. Chains are independent of each
// other and of the device: every random number is a function of (key, stream of the chain, its step, draw). Pointers lead into the memory of the
// device (kernels/api/memory.h).
#pragma once

#include <cstdint>

#include "kernels/api/device.h"
#include "kernels/api/moves.h"
#include "kernels/api/random.h"

namespace qs::kernels {

// Draws of one proposal.
constexpr std::uint32_t draw_move = 0;    // all words: the move
constexpr std::uint32_t draw_choice = 1;  // words 0, 1: acceptance; words 2, 3: which move of the mixture

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
  std::uint64_t* step;          // [count]: proposals since the random start
  // Since they were cleared.
  std::int64_t *proposed, *accepted;  // [count][moves]
  std::int64_t* invalid;              // [count]: candidates whose log psi is not a number (or overflows), rejected
};

struct Candidates {
  std::uint64_t* rows;  // [count][words]
  double *re, *im;      // [count]: log psi of them
  std::int32_t* move;   // [count]: which move of the mixture
  std::int32_t* flips;  // [count]: bits that differ; 0: the chain stays, and log psi is not read
  double* log_ratio;    // [count]: L of the move
};

// How many chains one call should take: on the host few, so that threads share them, on cuda all, from one thread.
std::int64_t chains_per_call(Device device);

// One candidate per chain.
void propose(Device device, const MoveMixtures& mixtures, RandomKey key, const Chains& chains, const Candidates& candidates);
// Accepts iff u < exp(power [Re log psi' - Re log psi] + L); the exponent is rounded after each operation. psi' = 0 is an ordinary rejection. Counts,
// and advances the step.
void accept(Device device, int moves, RandomKey key, double power, const Chains& chains, const Candidates& candidates);

}  // namespace qs::kernels

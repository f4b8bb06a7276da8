// Metropolis chains on the host, also of the cpu device: what a network evaluation costs is far more.
#include <algorithm>
#include <cmath>

#include "kernels/dispatch/chains_table.h"

namespace qs::kernels::reference {
namespace {

std::uint32_t stream(const Chains& chains, std::int64_t c) { return chains.stream + static_cast<std::uint32_t>(c); }

// Index of the move whose interval holds the uniform number.
int pick(const MoveMixtures& mixtures, double uniform) {
  return static_cast<int>(std::upper_bound(mixtures.edge, mixtures.edge + mixtures.moves - 1, uniform) - mixtures.edge);
}

void propose(MoveMixtures mixtures, RandomKey key, Chains chains, Candidates candidates) {
  for (std::int64_t c = 0; c < chains.count; ++c) {
    const std::uint64_t* row = chains.rows + c * chains.words;
    std::uint64_t* candidate = candidates.rows + c * chains.words;
    std::copy(row, row + chains.words, candidate);
    candidates.flips[c] = resting;
    if (rests(key, stream(chains, c), chains.step[c], chains.sweep)) continue;

    int which = 0;
    if (mixtures.moves > 1) {
      const RandomWords choice = random_words(key, stream(chains, c), chains.step[c], draw_choice);
      which = pick(mixtures, uniform01(choice.word[2], choice.word[3]));
    }
    const MoveTable& move = mixtures.table[std::int64_t{chains.problem[c]} * mixtures.moves + which];
    const Proposal proposal = kernels::propose(move, row, random_words(key, stream(chains, c), chains.step[c], draw_move));
    for (int k = 0; k < proposal.count; ++k) candidate[proposal.modes[k] / 64] ^= std::uint64_t{1} << (proposal.modes[k] % 64);
    candidates.move[c] = which;
    candidates.flips[c] = proposal.count;
    candidates.log_ratio[c] = proposal.log_ratio;
  }
}

void accept(int moves, RandomKey key, double power, Chains chains, Candidates candidates) {
  for (std::int64_t c = 0; c < chains.count; ++c) {
    const std::uint64_t step = chains.step[c]++;
    if (candidates.flips[c] == resting) continue;
    const std::int64_t counter = c * moves + candidates.move[c];
    ++chains.proposed[counter];
    if (candidates.flips[c] == 0) continue;
    const double re = candidates.re[c], im = candidates.im[c];
    if (!std::isfinite(re) || !std::isfinite(im)) {
      if (re != -HUGE_VAL) ++chains.invalid[c];  // NaN or overflow: never entered, but reported
      continue;
    }
    const double exponent = power * (re - chains.re[c]) + candidates.log_ratio[c];
    const RandomWords choice = random_words(key, stream(chains, c), step, draw_choice);
    if (!(uniform01(choice.word[0], choice.word[1]) < std::exp(exponent))) continue;
    const std::uint64_t* candidate = candidates.rows + c * chains.words;
    std::copy(candidate, candidate + chains.words, chains.rows + c * chains.words);
    chains.re[c] = re;
    chains.im[c] = im;
    ++chains.accepted[counter];
  }
}

}  // namespace

const ChainTable& chain_table() {
  static const ChainTable table{1, propose, accept};
  return table;
}

}  // namespace qs::kernels::reference

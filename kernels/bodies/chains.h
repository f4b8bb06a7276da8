// One proposal and one decision of a Metropolis chain, on every device: the same log psi gives the same chain.
#pragma once

#include <cmath>

#include "kernels/api/chains.h"
#include "kernels/api/rounding.h"

namespace qs::kernels {

// Candidate of chain c.
struct ProposeCandidate {
  MoveMixtures mixtures;
  RandomKey key;
  Chains chains;
  Candidates candidates;

  QS_HOST_DEVICE void operator()(std::int64_t c) const {
    const std::uint32_t stream = chains.stream + static_cast<std::uint32_t>(c);
    const std::uint64_t step = chains.step[c];
    const std::uint64_t* row = chains.rows + c * chains.words;
    std::uint64_t* candidate = candidates.rows + c * chains.words;
    for (int w = 0; w < chains.words; ++w) candidate[w] = row[w];
    candidates.flips[c] = resting;
    if (rests(key, stream, step, chains.sweep)) return;

    int which = 0;
    if (mixtures.moves > 1) {
      const RandomWords choice = random_words(key, stream, step, draw_choice);
      const double uniform = uniform01(choice.word[2], choice.word[3]);
      while (which + 1 < mixtures.moves && !(uniform < mixtures.edge[which])) ++which;
    }
    const Proposal proposal = propose(mixtures.table[static_cast<std::int64_t>(chains.problem[c]) * mixtures.moves + which], row,
                                      random_words(key, stream, step, draw_move));
    for (int k = 0; k < proposal.count; ++k) candidate[proposal.modes[k] / 64] ^= std::uint64_t{1} << (proposal.modes[k] % 64);
    candidates.move[c] = which;
    candidates.flips[c] = proposal.count;
    candidates.log_ratio[c] = proposal.log_ratio;
  }
};

// Decision of chain c.
struct AcceptCandidate {
  int moves;
  RandomKey key;
  double power;
  Chains chains;
  Candidates candidates;

  QS_HOST_DEVICE void operator()(std::int64_t c) const {
    const std::uint64_t step = chains.step[c];
    chains.step[c] = step + 1;
    if (candidates.flips[c] == resting) return;
    const std::int64_t counter = c * moves + candidates.move[c];
    chains.proposed[counter] += 1;
    if (candidates.flips[c] == 0) return;
    const double re = candidates.re[c], im = candidates.im[c];
    if (!std::isfinite(re) || !std::isfinite(im)) {
      if (re != -HUGE_VAL) chains.invalid[c] += 1;
      return;
    }
    const double exponent = rounded_product(power, re - chains.re[c]) + candidates.log_ratio[c];
    const RandomWords choice = random_words(key, chains.stream + static_cast<std::uint32_t>(c), step, draw_choice);
    if (!(uniform01(choice.word[0], choice.word[1]) < std::exp(exponent))) return;
    for (int w = 0; w < chains.words; ++w) chains.rows[c * chains.words + w] = candidates.rows[c * chains.words + w];
    chains.re[c] = re;
    chains.im[c] = im;
    chains.accepted[counter] += 1;
  }
};

}  // namespace qs::kernels

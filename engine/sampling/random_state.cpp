#include "engine/sampling/random_state.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace qs {

void random_state(const Sector& sector, RandomKey key, std::uint32_t stream, std::uint64_t step, Word* row) {
  std::fill(row, row + words_for(sector.modes()), Word{0});
  std::uint32_t draw = 0;
  std::vector<int> modes;
  for (const Sector::Block& block : sector.blocks()) {
    if (block.set_bits < 0) {
      for (int m = 0; m < block.modes; ++m) {
        if (random_words(key, stream, step, draw++).word[0] >> 31) flip_bit(row, block.first_mode + m);
      }
      continue;
    }
    // The first set_bits places of a Fisher-Yates shuffle of the block's modes.
    modes.resize(block.modes);
    std::iota(modes.begin(), modes.end(), block.first_mode);
    for (int k = 0; k < block.set_bits; ++k) {
      const RandomWords words = random_words(key, stream, step, draw++);
      std::swap(modes[k], modes[k + static_cast<int>(uniform_below(block.modes - k, words.word[0], words.word[1]))]);
      flip_bit(row, modes[k]);
    }
  }
}

}  // namespace qs

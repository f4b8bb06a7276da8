#include "engine/energy/connected_count.h"

#include <algorithm>
#include <complex>
#include <utility>
#include <vector>

#include "engine/base/random.h"

namespace qs {

double connected_per_sample(const ProblemFamily& family, const Problem& problem) {
  std::vector<Word> bits;
  std::vector<std::complex<double>> elements;  // complex ones serve every operator
  std::vector<Word> row(family.table.words(), 0);
  double total = 0;
  constexpr int trials = 16;
  for (int trial = 0; trial < trials; ++trial) {
    std::fill(row.begin(), row.end(), 0);
    for (const Sector::Block& block : problem.sector.blocks()) {
      const int set = block.set_bits < 0 ? block.modes / 2 : block.set_bits;
      std::vector<int> modes(block.modes);
      for (int k = 0; k < block.modes; ++k) modes[k] = block.first_mode + k;
      for (int k = 0; k < set; ++k) {
        const RandomWords words = random_words({1, 0}, trial, k, static_cast<std::uint32_t>(block.first_mode));
        std::swap(modes[k], modes[k + uniform_below(block.modes - k, words.word[0], words.word[1])]);
        flip_bit(row.data(), modes[k]);
      }
    }
    bits.clear();
    elements.clear();
    total += family.table.connected(row.data(), problem.couplings.data(), bits, elements);
  }
  return total / trials;
}

}  // namespace qs

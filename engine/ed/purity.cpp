#include "engine/ed/purity.h"

#include <Eigen/Core>
#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>
#include <vector>

#include "engine/base/error.h"

namespace qs {
namespace {

// Basis states whose part in A has the same conserved numbers, and so their part in B: psi is a matrix of all of one by all of the other.
struct Block {
  std::vector<Word> a, b;  // ascending, without repetition
  std::vector<std::int64_t> states;
};

void sort_once(std::vector<Word>& words) {
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
}

Eigen::Index place(const std::vector<Word>& words, Word word) { return std::lower_bound(words.begin(), words.end(), word) - words.begin(); }

std::map<std::vector<int>, Block> blocks_of(const Sector& sector, Word mask) {
  std::map<std::vector<int>, Block> blocks;
  std::vector<int> numbers(sector.blocks().size());
  for (std::int64_t i = 0; i < sector.dimension(); ++i) {
    const Word state = sector.state(i);
    for (std::size_t k = 0; k < numbers.size(); ++k) {
      const Sector::Block& modes = sector.blocks()[k];
      numbers[k] = modes.set_bits < 0 ? 0 : std::popcount(state & mask & (low_bits(modes.modes) << modes.first_mode));
    }
    Block& block = blocks[numbers];
    block.a.push_back(state & mask);
    block.b.push_back(state & ~mask);
    block.states.push_back(i);
  }
  for (auto& [key, block] : blocks) {
    sort_once(block.a);
    sort_once(block.b);
  }
  return blocks;
}

}  // namespace

double purity(const Sector& sector, const Bipartition& parts, std::span<const std::complex<double>> x) {
  QS_ASSERT(static_cast<std::int64_t>(x.size()) == sector.dimension());
  const Word mask = parts.modes_of_a()[0];
  double sum = 0, norm = 0;
  for (const auto& [numbers, block] : blocks_of(sector, mask)) {
    Eigen::MatrixXcd psi = Eigen::MatrixXcd::Zero(static_cast<Eigen::Index>(block.a.size()), static_cast<Eigen::Index>(block.b.size()));
    for (const std::int64_t i : block.states) {
      const Word state = sector.state(i);
      psi(place(block.a, state & mask), place(block.b, state & ~mask)) = static_cast<double>(parts.sign(&state)) * x[i];
    }
    norm += psi.squaredNorm();
    // Tr (psi psi^+)^2 is the squared norm of psi psi^+ and of psi^+ psi: the smaller one.
    const bool wide = psi.rows() <= psi.cols();
    const Eigen::MatrixXcd gram = wide ? (psi * psi.adjoint()).eval() : (psi.adjoint() * psi).eval();
    sum += gram.squaredNorm();
  }
  return sum / (norm * norm);
}

}  // namespace qs

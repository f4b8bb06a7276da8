// <x|O|x> of a vector over a sector.
#include <array>

#include "engine/comm/blocks.h"
#include "engine/ed/lanczos.h"
#include "engine/ed/split_basis.h"
#include "kernels/api/error.h"
#include "kernels/api/parallel.h"

namespace qs {

double expectation(const TermTable& op, const Sector& sector, const std::vector<double>& x, Communicator& comm) {
  const SplitBasis basis(sector);
  QS_ASSERT(static_cast<std::int64_t>(x.size()) == basis.dimension());
  const std::vector<double> couplings(op.couplings(), 1.0);
  const Blocks blocks(basis.highs(), comm.size(), comm.rank());
  std::vector<double> sums(blocks.last() - blocks.first());
  parallel_for(static_cast<std::int64_t>(sums.size()), [&](std::int64_t k) {
    const int block = blocks.first() + static_cast<int>(k);
    for (std::int64_t h = blocks.begin(block); h < blocks.end(block); ++h) {
      const double* amplitude = x.data() + basis.offset(h);
      for (const Word low : basis.low(basis.class_of(h))) {
        const Word state = basis.high(h) << basis.low_modes() | low;
        double image = op.diagonal(&state, couplings.data()) * *amplitude;
        op.for_each_connected(state, couplings.data(), [&](Word partner, double element) { image += element * x[sector.index(partner)]; });
        sums[k] += image * *amplitude++;
      }
    }
  });
  std::array<double, 1> total{};
  tree_sum(
      comm, blocks, 1, [&](int block, std::span<double> out) { out[0] = sums[block - blocks.first()]; }, total);
  return total[0];
}

double ground_level_expectation(const TermTable& op, const Sector& sector, const EdResult& exact, Communicator& comm) {
  double sum = 0;
  for (int k = 0; k < exact.degeneracy; ++k) sum += expectation(op, sector, exact.states[k], comm);
  return sum / exact.degeneracy;
}

}  // namespace qs

// <x|O|x> of a vector over a sector.
#include <array>

#include "engine/base/error.h"
#include "engine/base/parallel.h"
#include "engine/comm/blocks.h"
#include "engine/ed/lanczos.h"
#include "engine/ed/split_basis.h"

namespace qs {

namespace {

using Complex = std::complex<double>;

// What a product adds to a real mean: between real amplitudes the imaginary part of a Hermitian operator adds nothing.
double times(double element, double amplitude) { return element * amplitude; }
double times(Complex element, double amplitude) { return element.real() * amplitude; }
Complex times(double element, Complex amplitude) { return element * amplitude; }
Complex times(Complex element, Complex amplitude) { return element * amplitude; }
double conjugate(double x) { return x; }
Complex conjugate(Complex x) { return std::conj(x); }

template <class Scalar>
double mean_value(const TermTable& op, const Sector& sector, const std::vector<Scalar>& x, Communicator& comm) {
  const SplitBasis basis(sector);
  QS_ASSERT(static_cast<std::int64_t>(x.size()) == basis.dimension());
  const std::vector<double> couplings(op.couplings(), 1.0);
  const Blocks blocks(basis.highs(), comm.size(), comm.rank());
  std::vector<double> sums(blocks.last() - blocks.first());
  parallel_for(static_cast<std::int64_t>(sums.size()), [&](std::int64_t k) {
    const int block = blocks.first() + static_cast<int>(k);
    for (std::int64_t h = blocks.begin(block); h < blocks.end(block); ++h) {
      const Scalar* amplitude = x.data() + basis.offset(h);
      for (const Word low : basis.low(basis.class_of(h))) {
        const Word state = basis.high(h) << basis.low_modes() | low;
        Scalar image = op.diagonal(&state, couplings.data()) * *amplitude;
        op.for_each_connected(state, couplings.data(), [&](Word partner, auto element) { image += times(element, x[sector.index(partner)]); });
        sums[k] += std::real(times(image, conjugate(*amplitude++)));
      }
    }
  });
  std::array<double, 1> total{};
  tree_sum(
      comm, blocks, 1, [&](int block, std::span<double> out) { out[0] = sums[block - blocks.first()]; }, total);
  return total[0];
}

}  // namespace

double expectation(const TermTable& op, const Sector& sector, const std::vector<double>& x, Communicator& comm) {
  return mean_value(op, sector, x, comm);
}

double expectation(const TermTable& op, const Sector& sector, const std::vector<std::complex<double>>& x, Communicator& comm) {
  return mean_value(op, sector, x, comm);
}

double ground_level_expectation(const TermTable& op, const Sector& sector, const EdResult& exact, Communicator& comm) {
  double sum = 0;
  for (int k = 0; k < exact.degeneracy; ++k) {
    sum += exact.complex_states.empty() ? expectation(op, sector, exact.states[k], comm) : expectation(op, sector, exact.complex_states[k], comm);
  }
  return sum / exact.degeneracy;
}

}  // namespace qs

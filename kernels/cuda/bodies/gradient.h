// Where weight gradients come from: a source gives value k of row b. Queue::emit writes it to row b, Queue::sum_rows adds the rows up.
#pragma once

#include "kernels/api/network.h"
#include "kernels/cuda/host_device.h"

namespace qs::kernels::cuda {

// Rows are summed in this many interleaved partial sums, then pairwise: one warp, and the same bits at every run.
inline constexpr int row_lanes = 32;

// g[k][b]
template <class Real>
struct LaneGradient {
  int rows;
  const Real* g;

  QS_HOST_DEVICE Real operator()(std::int64_t k, std::int64_t b) const { return g[k * rows + b]; }
};

// k = (i, o): sum_t x[t][i][b] dy[t][o][b]
template <class Real>
struct KernelGradient {
  DenseShape s;
  const Real* x;
  const Real* dy;

  QS_HOST_DEVICE Real operator()(std::int64_t k, std::int64_t b) const {
    const std::int64_t i = k / s.out, o = k % s.out;
    Real sum = 0;
    for (int t = 0; t < s.tokens; ++t) sum += x[at(t, i, b, s.in, s.rows)] * dy[at(t, o, b, s.out, s.rows)];
    return sum;
  }
};

// k = o: sum_t dy[t][o][b]
template <class Real>
struct BiasGradient {
  DenseShape s;
  const Real* dy;

  QS_HOST_DEVICE Real operator()(std::int64_t k, std::int64_t b) const {
    Real sum = 0;
    for (int t = 0; t < s.tokens; ++t) sum += dy[at(t, k, b, s.out, s.rows)];
    return sum;
  }
};

// Partial sum `lane` of row_lanes: rows lane, lane + row_lanes, ... below `valid`.
template <class Real, class Source>
QS_HOST_DEVICE Real sum_of_lane(const Source& source, std::int64_t k, int lane, int valid) {
  Real sum = 0;
  for (int b = lane; b < valid; b += row_lanes) sum += source(k, b);
  return sum;
}

}  // namespace qs::kernels::cuda

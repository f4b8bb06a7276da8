// The two contractions every layer is made of, over lane vectors with arbitrary strides (in elements). Sums run over k in order with one
// accumulator per result, so the bits of a result depend neither on the block shape nor on the other lanes.
#pragma once

#include "kernels/api/network.h"
#include "kernels/cpu/simd.h"

namespace qs::kernels::QS_ISA {

// y[m][n] (+)= sum_k x[m][k] w[k][n] + bias[n]: x, y lane vectors; w scalars, contiguous in n; bias may be nullptr.
template <class Real>
struct BroadcastProduct {
  int M, N, K;
  const Real* x;
  std::int64_t x_m, x_k;
  const Real* w;
  std::int64_t w_k;
  const Real* bias;
  Real* y;
  std::int64_t y_m, y_n;
  Write write;
};
template <class Real>
void run(const BroadcastProduct<Real>& product);

// c[m][n] = sum_k a[m][k] b[k][n], all of them lane vectors. Overwrites.
template <class Real>
struct LaneProduct {
  int M, N, K;
  const Real* a;
  std::int64_t a_m, a_k;
  const Real* b;
  std::int64_t b_k, b_n;
  Real* c;
  std::int64_t c_m, c_n;
};
template <class Real>
void run(const LaneProduct<Real>& product);

}  // namespace qs::kernels::QS_ISA

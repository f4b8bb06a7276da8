// Square tiles of lane vectors: transposition, sums over lanes, and the delivery of gradients to their targets.
#pragma once

#include <utility>

#include "kernels/api/network.h"
#include "kernels/cpu/partial.h"

namespace qs::kernels::QS_ISA {

// a0 b0 a1 b1 ... of the lanes from `first` on. In the form that both g++ and clang know: lane numbers as constants, b behind a.
template <int first, class Real, int... K>
inline Vec<Real> interleave(Vec<Real> a, Vec<Real> b, std::integer_sequence<int, K...>) {
  return __builtin_shufflevector(a, b, (first + K / 2 + K % 2 * lanes<Real>)...);
}
// Of the lower and of the upper halves.
template <class Real>
inline Vec<Real> interleave_lower(Vec<Real> a, Vec<Real> b) {
  return interleave<0, Real>(a, b, std::make_integer_sequence<int, lanes<Real>>{});
}
template <class Real>
inline Vec<Real> interleave_upper(Vec<Real> a, Vec<Real> b) {
  return interleave<lanes<Real> / 2, Real>(a, b, std::make_integer_sequence<int, lanes<Real>>{});
}

// tile[i] lane j <-> tile[j] lane i: log2(lanes) rounds, each interleaving vector k with vector k + lanes/2 (a rotation of the index bits).
template <class Real>
inline void transpose(Vec<Real> (&tile)[lanes<Real>]) {
  constexpr int L = lanes<Real>;
#pragma GCC unroll 4
  for (int round = 1; round < L; round *= 2) {
    Vec<Real> next[L];
#pragma GCC unroll 8
    for (int k = 0; k < L / 2; ++k) {
      next[2 * k] = interleave_lower<Real>(tile[k], tile[k + L / 2]);
      next[2 * k + 1] = interleave_upper<Real>(tile[k], tile[k + L / 2]);
    }
#pragma GCC unroll 16
    for (int k = 0; k < L; ++k) tile[k] = next[k];
  }
}

// Lane k of the result = sum over the lanes of tile[k]; the same rounds as above, added at once (30 shuffles for 16 sums of 16).
template <class Real>
inline Vec<Real> lane_sums(Vec<Real> (&tile)[lanes<Real>]) {
#pragma GCC unroll 4
  for (int half = lanes<Real> / 2; half >= 1; half /= 2) {
#pragma GCC unroll 8
    for (int k = 0; k < half; ++k) {
      tile[k] = interleave_lower<Real>(tile[k], tile[k + half]) + interleave_upper<Real>(tile[k], tile[k + half]);
    }
  }
  return tile[0];
}

// Parameters first .. first + count - 1 of the rows first_row .. first_row + lanes - 1, given as tile[parameter] lane row: one contiguous run per
// row, or one run of sums. Destroys the tile.
template <class Real>
inline void deliver(GradientTarget<Real> target, std::int64_t first, int count, int first_row, Vec<Real> (&tile)[lanes<Real>]) {
  const int rows = target.valid - first_row;
  if (target.row_stride == 0) {
    if (rows < lanes<Real>) {
#pragma GCC unroll 16
      for (int k = 0; k < lanes<Real>; ++k) tile[k] = keep_first<Real>(tile[k], rows);
    }
    add_first<Real>(target.base + first, lane_sums<Real>(tile), count);
    return;
  }
  transpose<Real>(tile);
  Real* row = target.base + first_row * target.row_stride + first;
#pragma GCC unroll 16
  for (int l = 0; l < lanes<Real>; ++l) {
    if (l < rows) store_first<Real>(row + l * target.row_stride, tile[l], count);
  }
}

}  // namespace qs::kernels::QS_ISA

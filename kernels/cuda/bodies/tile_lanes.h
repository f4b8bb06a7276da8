// A tile product C [m, n] += A [m, k] B [k, n] as the lanes of a warp see it. Each lane holds a few elements of every matrix, where mma.sync of PTX
// ISA 8.0 and later wants them (section "Matrix fragments for mma"); these functions fetch and store them, and the tests check them against that
// layout. With g = lane / 4 and q = lane % 4, for m16n8k8 in TF32 and m8n8k4 in float64:
//   A  rows g (and g + 8), columns q (and q + 4)      B  rows q (and q + 4), column g      C  rows g (and g + 8), columns 2q and 2q + 1
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/cuda/host_device.h"

namespace qs::kernels::cuda {

// Tiles of the tensor cores: m counts rows of the batch, k and n features. A and C have rows innermost, as activations do, B its columns, as weights
// do.
template <class Real>
struct TileShape;
template <>
struct TileShape<float> {
  static constexpr int m = 16, n = 16, k = 8;
};
template <>
struct TileShape<double> {
  static constexpr int m = 8, n = 8, k = 4;
};

// x = high + low + O(2^-23 x) in TF32, whose 11 bits of precision are the upper bits of a float32. high is x to the nearest, low takes what it
// leaves, and the cores cut its last bit. A NaN stays one in low, whatever becomes of its bits in high.
struct SplitTf32 {
  std::uint32_t high, low;

  QS_TEAM explicit SplitTf32(float x) {
    float rounded, rest;
    std::memcpy(&high, &x, sizeof x);
    high = (high + 0x1000u) & 0xffffe000u;
    std::memcpy(&rounded, &high, sizeof rounded);
    rest = x - rounded;
    std::memcpy(&low, &rest, sizeof low);
  }
};

// What a lane holds of both factors; the tile is two products m16n8k8 side by side.
template <class Real>
struct TileFactors;

template <>
struct TileFactors<float> {
  static constexpr int halves = 2;
  std::uint32_t a_high[4], a_low[4], b_high[halves][2], b_low[halves][2];

  QS_TEAM TileFactors(int lane, const float* a, int lda, const float* b, int ldb) {
    const int g = lane / 4, q = lane % 4;
    a += q * lda + g;
    b += q * ldb + g;
    QS_UNROLL
    for (int i = 0; i < 4; ++i) {
      const SplitTf32 split(a[i % 2 * 8 + i / 2 * 4 * lda]);
      a_high[i] = split.high;
      a_low[i] = split.low;
    }
    QS_UNROLL
    for (int j = 0; j < halves; ++j) {
      QS_UNROLL
      for (int i = 0; i < 2; ++i) {
        const SplitTf32 split(b[j * 8 + i * 4 * ldb]);
        b_high[j][i] = split.high;
        b_low[j][i] = split.low;
      }
    }
  }
};

template <>
struct TileFactors<double> {
  double a, b;

  QS_TEAM TileFactors(int lane, const double* from_a, int lda, const double* from_b, int ldb)
      : a(from_a[lane % 4 * lda + lane / 4]), b(from_b[lane % 4 * ldb + lane / 4]) {}
};

// What a lane holds of C: in each half of a float32 tile four elements, in a float64 tile two.
template <class Real>
struct TileSums;

template <>
struct TileSums<float> {
  float c[2][4];

  QS_TEAM void store(int lane, float* to, int ldc) const {
    QS_UNROLL
    for (int j = 0; j < 2; ++j) {
      QS_UNROLL
      for (int i = 0; i < 4; ++i) to[(8 * j + lane % 4 * 2 + i % 2) * ldc + lane / 4 + i / 2 * 8] = c[j][i];
    }
  }
};

template <>
struct TileSums<double> {
  double c[2];

  QS_TEAM void store(int lane, double* to, int ldc) const {
    QS_UNROLL
    for (int i = 0; i < 2; ++i) to[(lane % 4 * 2 + i) * ldc + lane / 4] = c[i];
  }
};

}  // namespace qs::kernels::cuda

// Elementwise bodies, bodies that unpack the input, and sums over tokens.
#pragma once

#include "kernels/api/network.h"
#include "kernels/cuda/host_device.h"

namespace qs::kernels::cuda {

// y += x. k: element
template <class Real>
struct Add {
  const Real* x;
  Real* y;

  QS_HOST_DEVICE void operator()(std::int64_t k) const { y[k] += x[k]; }
};

// y (+)= x z. k: element
template <class Real>
struct Multiply {
  const Real* x;
  const Real* z;
  Real* y;
  Write write;

  QS_HOST_DEVICE void operator()(std::int64_t k) const { y[k] = write == Write::accumulate ? y[k] + x[k] * z[k] : x[k] * z[k]; }
};

// y[t][o][b] += bias[o]. k: element of y
template <class Real>
struct AddBias {
  int out, rows;
  const Real* bias;
  Real* y;

  QS_HOST_DEVICE void operator()(std::int64_t k) const { y[k] += bias[k / rows % out]; }
};

// y = x in float64. k: element
template <class Real>
struct Widen {
  const Real* x;
  double* y;

  QS_HOST_DEVICE void operator()(std::int64_t k) const { y[k] = static_cast<double>(x[k]); }
};

// y[k] (+)= sum_t x[t][k] for planes of `size` values. k: element of y
template <class Real>
struct SumPlanes {
  int count;
  std::int64_t size;
  const Real* x;
  Real* y;
  Write write;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    Real sum = 0;
    for (std::int64_t t = 0; t < count; ++t) sum += x[t * size + k];
    y[k] = write == Write::accumulate ? y[k] + sum : sum;
  }
};

// y[t][k] (+)= x[k] for planes of `size` values. k: element of y
template <class Real>
struct BroadcastPlane {
  std::int64_t size;
  const Real* x;
  Real* y;
  Write write;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const Real value = x[k % size];
    y[k] = write == Write::accumulate ? y[k] + value : value;
  }
};

// x[n][b] = +-1 for bit sites[n] of row b; lanes b >= valid repeat row 0. k = (n, b)
template <class Real>
struct UnpackSpins {
  int rows, valid, words;
  const std::uint64_t* configurations;
  const std::int32_t* sites;
  Real* x;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const std::int64_t b = k % rows, row = b < valid ? b : 0;
    const std::int32_t site = sites[k / rows];
    const std::uint64_t word = configurations[row * words + site / 64];
    x[k] = (word >> (site % 64)) & 1 ? Real(1) : Real(-1);
  }
};

// x[c][b] = table[problem[b]][columns[c]]; lanes b >= valid repeat row 0. k = (c, b)
template <class Real>
struct SelectFeatures {
  int rows, valid, features;
  const Real* table;
  const std::int32_t* problem;
  const std::int32_t* columns;
  Real* x;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const std::int64_t b = k % rows, row = b < valid ? b : 0;
    x[k] = table[static_cast<std::int64_t>(problem[row]) * features + columns[k / rows]];
  }
};

// x[i][d][b] = table[s][d] + position[i][d], s = 1 where spins[i][b] > 0. k = (i, d, b)
template <class Real>
struct EmbedTokens {
  int width, rows;
  const Real* spins;
  const Real* table;
  const Real* position;
  Real* x;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const std::int64_t b = k % rows, id = k / rows, i = id / width, d = id % width;
    const int s = spins[i * rows + b] > 0 ? 1 : 0;
    x[k] = table[s * width + d] + position[id];
  }
};

// dtable[s][d][b] = sum over the tokens with bit s of dx[i][d][b]. k = (s, d, b)
template <class Real>
struct EmbedTokensBackward {
  int tokens, width, rows;
  const Real* spins;
  const Real* dx;
  Real* dtable;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const std::int64_t b = k % rows, d = k / rows % width;
    const bool set = k / rows >= width;
    Real sum = 0;
    for (std::int64_t i = 0; i < tokens; ++i) {
      if ((spins[i * rows + b] > 0) == set) sum += dx[at(i, d, b, width, rows)];
    }
    dtable[k] = sum;
  }
};

}  // namespace qs::kernels::cuda

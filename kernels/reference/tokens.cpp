#include <algorithm>

#include "kernels/reference/install.h"

namespace qs::kernels::reference {
namespace {

// y[d][b] = sum_t x[t][d][b]
template <class Real>
void sum_tokens(int tokens, int width, int rows, const Real* x, Real* y) {
  const std::int64_t size = static_cast<std::int64_t>(width) * rows;
  std::fill_n(y, size, Real(0));
  for (int t = 0; t < tokens; ++t) {
    for (std::int64_t k = 0; k < size; ++k) y[k] += x[t * size + k];
  }
}

// y[t][d][b] (+)= x[d][b]
template <class Real>
void broadcast_tokens(int tokens, int width, int rows, const Real* x, Real* y, Write write) {
  const std::int64_t size = static_cast<std::int64_t>(width) * rows;
  for (int t = 0; t < tokens; ++t) {
    for (std::int64_t k = 0; k < size; ++k) y[t * size + k] = write == Write::accumulate ? y[t * size + k] + x[k] : x[k];
  }
}

template <class Real>
void add(std::int64_t n, const Real* x, Real* y) {
  for (std::int64_t k = 0; k < n; ++k) y[k] += x[k];
}

// y (+)= x z
template <class Real>
void multiply(std::int64_t n, const Real* x, const Real* z, Real* y, Write write) {
  for (std::int64_t k = 0; k < n; ++k) y[k] = write == Write::accumulate ? y[k] + x[k] * z[k] : x[k] * z[k];
}

// x[n][b] = +1 if bit sites[n] of row b is set else -1; lanes b >= valid repeat row 0
template <class Real>
void unpack_spins(int n, int rows, int valid, const std::uint64_t* configurations, int words, const std::int32_t* sites, Real* x) {
  for (int k = 0; k < n; ++k) {
    for (int b = 0; b < rows; ++b) {
      const std::uint64_t word = configurations[static_cast<std::int64_t>(b < valid ? b : 0) * words + sites[k] / 64];
      x[static_cast<std::int64_t>(k) * rows + b] = (word >> (sites[k] % 64)) & 1 ? Real(1) : Real(-1);
    }
  }
}

// x[c][b] = table[problem[b]][columns[c]]; lanes b >= valid repeat row 0
template <class Real>
void select_features(int n, int rows, int valid, const Real* table, int features, const std::int32_t* problem, const std::int32_t* columns, Real* x) {
  for (int c = 0; c < n; ++c) {
    for (int b = 0; b < rows; ++b) {
      x[static_cast<std::int64_t>(c) * rows + b] = table[static_cast<std::int64_t>(problem[b < valid ? b : 0]) * features + columns[c]];
    }
  }
}

// x[i][d][b] = table[s][d] + position[i][d], s = 1 where spins[i][b] > 0
template <class Real>
void embed_tokens(int tokens, int width, int rows, const Real* spins, const Real* table, const Real* position, Real* x) {
  for (int i = 0; i < tokens; ++i) {
    for (int d = 0; d < width; ++d) {
      for (int b = 0; b < rows; ++b) {
        const int s = spins[static_cast<std::int64_t>(i) * rows + b] > 0 ? 1 : 0;
        x[at(i, d, b, width, rows)] = table[s * width + d] + position[static_cast<std::int64_t>(i) * width + d];
      }
    }
  }
}

// dtable[s][d][b] = sum over the tokens with bit s of dx[i][d][b]
template <class Real>
void embed_tokens_backward(int tokens, int width, int rows, const Real* spins, const Real* dx, Real* dtable) {
  std::fill_n(dtable, std::int64_t(2) * width * rows, Real(0));
  for (int i = 0; i < tokens; ++i) {
    for (int d = 0; d < width; ++d) {
      for (int b = 0; b < rows; ++b) {
        const int s = spins[static_cast<std::int64_t>(i) * rows + b] > 0 ? 1 : 0;
        dtable[at(s, d, b, width, rows)] += dx[at(i, d, b, width, rows)];
      }
    }
  }
}

}  // namespace

template <class Real>
void install_tokens(NetworkTable<Real>& table) {
  table.sum_tokens = sum_tokens<Real>;
  table.broadcast_tokens = broadcast_tokens<Real>;
  table.add = add<Real>;
  table.multiply = multiply<Real>;
  table.unpack_spins = unpack_spins<Real>;
  table.select_features = select_features<Real>;
  table.embed_tokens = embed_tokens<Real>;
  table.embed_tokens_backward = embed_tokens_backward<Real>;
}
template void install_tokens(NetworkTable<float>&);
template void install_tokens(NetworkTable<double>&);

}  // namespace qs::kernels::reference

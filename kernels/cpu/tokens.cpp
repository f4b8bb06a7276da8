#include "kernels/cpu/install.h"

namespace qs::kernels::QS_ISA {
namespace {

// y[d][b] = sum_t x[t][d][b]
template <class Real>
void sum_tokens(int tokens, int width, int rows, const Real* x, Real* y) {
  const std::int64_t size = static_cast<std::int64_t>(width) * rows;
  for (std::int64_t k = 0; k < size; k += lanes<Real>) {
    Vec<Real> sum{};
    for (int t = 0; t < tokens; ++t) sum += load(x + t * size + k);
    store<Real>(y + k, sum);
  }
}

// y[t][d][b] (+)= x[d][b]
template <class Real>
void broadcast_tokens(int tokens, int width, int rows, const Real* x, Real* y, Write write) {
  const std::int64_t size = static_cast<std::int64_t>(width) * rows;
  for (int t = 0; t < tokens; ++t) {
    for (std::int64_t k = 0; k < size; k += lanes<Real>) {
      Real* at = y + t * size + k;
      store<Real>(at, write == Write::accumulate ? load(at) + load(x + k) : load(x + k));
    }
  }
}

// y += x, for any n: activations are whole registers, parameter vectors are not.
template <class Real>
void add(std::int64_t n, const Real* x, Real* y) {
  const std::int64_t whole = n - n % lanes<Real>;
  for (std::int64_t k = 0; k < whole; k += lanes<Real>) store_unaligned<Real>(y + k, load_unaligned(y + k) + load_unaligned(x + k));
  for (std::int64_t k = whole; k < n; ++k) y[k] += x[k];
}

// y (+)= x z, for any n
template <class Real>
void multiply(std::int64_t n, const Real* x, const Real* z, Real* y, Write write) {
  const std::int64_t whole = n - n % lanes<Real>;
  for (std::int64_t k = 0; k < whole; k += lanes<Real>) {
    const Vec<Real> product = load_unaligned(x + k) * load_unaligned(z + k);
    store_unaligned<Real>(y + k, write == Write::accumulate ? load_unaligned(y + k) + product : product);
  }
  for (std::int64_t k = whole; k < n; ++k) y[k] = write == Write::accumulate ? y[k] + x[k] * z[k] : x[k] * z[k];
}

// x[n][b] = +1 if bit sites[n] of row b is set else -1; lanes b >= valid repeat row 0
template <class Real>
void unpack_spins(int n, int rows, int valid, const std::uint64_t* configurations, int words, const std::int32_t* sites, Real* x) {
  for (int k = 0; k < n; ++k) {
    const std::uint64_t* word = configurations + sites[k] / 64;
    const int bit = sites[k] % 64;
    Real* spins = x + static_cast<std::int64_t>(k) * rows;
    for (int b = 0; b < valid; ++b) spins[b] = static_cast<Real>(static_cast<int>(word[static_cast<std::int64_t>(b) * words] >> bit & 1) * 2 - 1);
    for (int b = valid; b < rows; ++b) spins[b] = static_cast<Real>(static_cast<int>(word[0] >> bit & 1) * 2 - 1);
  }
}

// x[i][d][b] = table[s][d] + position[i][d], s = 1 where spins[i][b] > 0
template <class Real>
void embed_tokens(int tokens, int width, int rows, const Real* spins, const Real* table, const Real* position, Real* x) {
  for (int i = 0; i < tokens; ++i) {
    const Real* here = position + static_cast<std::int64_t>(i) * width;
    for (int d = 0; d < width; ++d) {
      const Vec<Real> down = splat(table[d] + here[d]), up = splat(table[width + d] + here[d]);
      Real* row = x + (static_cast<std::int64_t>(i) * width + d) * rows;
      for (int b = 0; b < rows; b += lanes<Real>) {
        store<Real>(row + b, load(spins + static_cast<std::int64_t>(i) * rows + b) > Real(0) ? up : down);
      }
    }
  }
}

// dtable[s][d][b] = sum over the tokens with bit s of dx[i][d][b]
template <class Real>
void embed_tokens_backward(int tokens, int width, int rows, const Real* spins, const Real* dx, Real* dtable) {
  const std::int64_t size = static_cast<std::int64_t>(width) * rows;
  for (int d = 0; d < width; ++d) {
    for (int b = 0; b < rows; b += lanes<Real>) {
      const std::int64_t k = static_cast<std::int64_t>(d) * rows + b;
      Vec<Real> down{}, up{};
      for (int i = 0; i < tokens; ++i) {
        const auto is_up = load(spins + static_cast<std::int64_t>(i) * rows + b) > Real(0);
        const Vec<Real> gradient = load(dx + i * size + k);
        up += is_up ? gradient : Vec<Real>{};
        down += is_up ? Vec<Real>{} : gradient;
      }
      store<Real>(dtable + k, down);
      store<Real>(dtable + size + k, up);
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
  table.embed_tokens = embed_tokens<Real>;
  table.embed_tokens_backward = embed_tokens_backward<Real>;
}
template void install_tokens(NetworkTable<float>&);
template void install_tokens(NetworkTable<double>&);

}  // namespace qs::kernels::QS_ISA

#include "kernels/cpu/blocks.h"
#include "kernels/cpu/install.h"
#include "kernels/cpu/products.h"

namespace qs::kernels::QS_ISA {
namespace {

// Token pairs are taken in square tiles, so that the gathered weights (32 KiB in float64) and pair products stay in the first-level cache.
constexpr int tile = 64;

// y[p][h e + c][b] = sum_q alpha[h][index[p][q]] v[q][h e + c][b]: per head a product over q with the weights gathered to w[q][p], in which the
// features c of the head play the tokens.
template <class Real>
void mix_tokens(MixShape s, const Real* v, const Real* alpha, const std::int32_t* index, Real* y) {
  const std::int64_t token = static_cast<std::int64_t>(s.heads) * s.head_width * s.rows;
  Real weights[tile * tile];
  for (int h = 0; h < s.heads; ++h) {
    const Real* a = alpha + static_cast<std::int64_t>(h) * s.n_alpha;
    const std::int64_t head = static_cast<std::int64_t>(h) * s.head_width * s.rows;
    for (int p0 = 0; p0 < s.tokens; p0 += tile) {
      const int P = smaller(tile, s.tokens - p0);
      for (int q0 = 0; q0 < s.tokens; q0 += tile) {
        const int Q = smaller(tile, s.tokens - q0);
        for (int p = 0; p < P; ++p) {
          for (int q = 0; q < Q; ++q) weights[q * P + p] = a[index[static_cast<std::int64_t>(p0 + p) * s.tokens + q0 + q]];
        }
        for (int b = 0; b < s.rows; b += lanes<Real>) {
          run(BroadcastProduct<Real>{s.head_width, P, Q, v + head + q0 * token + b, s.rows, token, weights, P, nullptr, y + head + p0 * token + b,
                                     s.rows, token, q0 == 0 ? Write::overwrite : Write::accumulate});
        }
      }
    }
  }
}

// dalpha[h][k][b] = sum over (p,q) with index[p][q] = k of sum_c dy[p][h e + c][b] v[q][h e + c][b]. The pair products of five tokens p at a time
// (one register block) go to scratch, then to their parameters.
template <class Real>
void mix_tokens_weight_gradient(MixShape s, const Real* v, const Real* dy, const std::int32_t* index, Real* dalpha) {
  constexpr int L = lanes<Real>, P_block = 5;
  const std::int64_t token = static_cast<std::int64_t>(s.heads) * s.head_width * s.rows;
  const std::int64_t size = static_cast<std::int64_t>(s.heads) * s.n_alpha * s.rows;
  for (std::int64_t k = 0; k < size; k += L) store<Real>(dalpha + k, Vec<Real>{});
  alignas(64) Real pairs[P_block * tile * L];
  for (int h = 0; h < s.heads; ++h) {
    const std::int64_t head = static_cast<std::int64_t>(h) * s.head_width * s.rows;
    for (int b = 0; b < s.rows; b += L) {
      Real* sums = dalpha + static_cast<std::int64_t>(h) * s.n_alpha * s.rows + b;
      for (int p0 = 0; p0 < s.tokens; p0 += P_block) {
        const int P = smaller(P_block, s.tokens - p0);
        for (int q0 = 0; q0 < s.tokens; q0 += tile) {
          const int Q = smaller(tile, s.tokens - q0);
          run(LaneProduct<Real>{P, Q, s.head_width, dy + head + p0 * token + b, token, s.rows, v + head + q0 * token + b, s.rows, token, pairs,
                                static_cast<std::int64_t>(Q) * L, L});
          for (int p = 0; p < P; ++p) {
            for (int q = 0; q < Q; ++q) {
              Real* sum = sums + static_cast<std::int64_t>(index[static_cast<std::int64_t>(p0 + p) * s.tokens + q0 + q]) * s.rows;
              store<Real>(sum, load(sum) + load(pairs + (p * Q + q) * L));
            }
          }
        }
      }
    }
  }
}

}  // namespace

template <class Real>
void install_mix_tokens(NetworkTable<Real>& table) {
  table.mix_tokens = mix_tokens<Real>;
  table.mix_tokens_weight_gradient = mix_tokens_weight_gradient<Real>;
}
template void install_mix_tokens(NetworkTable<float>&);
template void install_mix_tokens(NetworkTable<double>&);

}  // namespace qs::kernels::QS_ISA

#include <algorithm>

#include "kernels/reference/install.h"

namespace qs::kernels::reference {
namespace {

// y[p][h e + c][b] = sum_q alpha[h][index[p][q]] v[q][h e + c][b]
template <class Real>
void mix_tokens(MixShape s, const Real* v, const Real* alpha, const std::int32_t* index, Real* y) {
  const int width = s.heads * s.head_width;
  for (int p = 0; p < s.tokens; ++p) {
    for (int d = 0; d < width; ++d) {
      const Real* weights = alpha + static_cast<std::int64_t>(d / s.head_width) * s.n_alpha;
      for (int b = 0; b < s.rows; ++b) {
        Real sum = 0;
        for (int q = 0; q < s.tokens; ++q) sum += weights[index[p * s.tokens + q]] * v[at(q, d, b, width, s.rows)];
        y[at(p, d, b, width, s.rows)] = sum;
      }
    }
  }
}

// dalpha[h][k][b] = sum over (p, q) with index[p][q] = k and over c of dy[p][h e + c][b] v[q][h e + c][b]
template <class Real>
void mix_tokens_weight_gradient(MixShape s, const Real* v, const Real* dy, const std::int32_t* index, Real* dalpha) {
  const int width = s.heads * s.head_width;
  std::fill_n(dalpha, static_cast<std::int64_t>(s.heads) * s.n_alpha * s.rows, Real(0));
  for (int p = 0; p < s.tokens; ++p) {
    for (int q = 0; q < s.tokens; ++q) {
      for (int d = 0; d < width; ++d) {
        for (int b = 0; b < s.rows; ++b) {
          dalpha[at(d / s.head_width, index[p * s.tokens + q], b, s.n_alpha, s.rows)] +=
              dy[at(p, d, b, width, s.rows)] * v[at(q, d, b, width, s.rows)];
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

}  // namespace qs::kernels::reference

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/reference/install.h"

namespace qs::kernels::reference {
namespace {

// Visits every (head, row) pair; the body sees element [t][h e + c][b] through `element(t, c)` and p[h][i][j][b] through `pair(i, j)`.
template <class Body>
void for_each_head_and_row(AttentionShape s, Body body) {
  for (int h = 0; h < s.heads; ++h) {
    for (int b = 0; b < s.rows; ++b) {
      const auto element = [=](int t, int c) { return at(t, h * s.head_width + c, b, s.heads * s.head_width, s.rows); };
      const auto pair = [=](int i, int j) { return at(h * s.tokens + i, j, b, s.tokens, s.rows); };
      body(element, pair);
    }
  }
}

// p[h][i][j] = softmax_j(q_i . k_j / sqrt(e)), the largest score subtracted before exp; y_i = sum_j p_ij v_j
template <class Real>
void attention(AttentionShape s, const Real* q, const Real* k, const Real* v, Real* probability, Real* y) {
  const Real scale = 1 / std::sqrt(Real(s.head_width));
  for_each_head_and_row(s, [&](auto element, auto pair) {
    for (int i = 0; i < s.tokens; ++i) {
      Real largest = -INFINITY, total = 0;
      for (int j = 0; j < s.tokens; ++j) {
        Real score = 0;
        for (int c = 0; c < s.head_width; ++c) score += q[element(i, c)] * k[element(j, c)];
        probability[pair(i, j)] = score * scale;
        largest = std::max(largest, score * scale);
      }
      for (int j = 0; j < s.tokens; ++j) {
        probability[pair(i, j)] = std::exp(probability[pair(i, j)] - largest);
        total += probability[pair(i, j)];
      }
      for (int j = 0; j < s.tokens; ++j) probability[pair(i, j)] /= total;
      for (int c = 0; c < s.head_width; ++c) {
        Real sum = 0;
        for (int j = 0; j < s.tokens; ++j) sum += probability[pair(i, j)] * v[element(j, c)];
        y[element(i, c)] = sum;
      }
    }
  });
}

// dp_ij = dy_i . v_j; ds_ij = p_ij (dp_ij - sum_j p_ij dp_ij) / sqrt(e); dq_i = sum_j ds_ij k_j, dk_j = sum_i ds_ij q_i, dv_j = sum_i p_ij dy_i
template <class Real>
void attention_backward(AttentionShape s, const Real* q, const Real* k, const Real* v, const Real* probability, const Real* dy, Real* dq, Real* dk,
                        Real* dv) {
  const Real scale = 1 / std::sqrt(Real(s.head_width));
  const std::int64_t size = static_cast<std::int64_t>(s.tokens) * s.heads * s.head_width * s.rows;
  for (Real* gradient : {dq, dk, dv}) std::fill_n(gradient, size, Real(0));
  std::vector<Real> dp(s.tokens);
  for_each_head_and_row(s, [&](auto element, auto pair) {
    for (int i = 0; i < s.tokens; ++i) {
      Real mean = 0;
      for (int j = 0; j < s.tokens; ++j) {
        dp[j] = 0;
        for (int c = 0; c < s.head_width; ++c) dp[j] += dy[element(i, c)] * v[element(j, c)];
        mean += probability[pair(i, j)] * dp[j];
      }
      for (int j = 0; j < s.tokens; ++j) {
        const Real ds = probability[pair(i, j)] * (dp[j] - mean) * scale;
        for (int c = 0; c < s.head_width; ++c) {
          dq[element(i, c)] += ds * k[element(j, c)];
          dk[element(j, c)] += ds * q[element(i, c)];
          dv[element(j, c)] += probability[pair(i, j)] * dy[element(i, c)];
        }
      }
    }
  });
}

}  // namespace

template <class Real>
void install_attention(NetworkTable<Real>& table) {
  table.attention = attention<Real>;
  table.attention_backward = attention_backward<Real>;
}
template void install_attention(NetworkTable<float>&);
template void install_attention(NetworkTable<double>&);

}  // namespace qs::kernels::reference

// Bodies of softmax attention and of token mixing. One lane computes one row of scores or one element of a result; neighbouring lanes hold
// neighbouring configurations, so that every load of a warp is one piece of memory.
#pragma once

#include <cmath>

#include "kernels/api/network.h"
#include "kernels/cuda/host_device.h"

namespace qs::kernels::cuda {

// Where the elements of head h and row b stand.
struct AttentionIndex {
  AttentionShape s;

  QS_HOST_DEVICE std::int64_t element(std::int64_t t, std::int64_t h, int c, std::int64_t b) const {
    return at(t, h * s.head_width + c, b, static_cast<std::int64_t>(s.heads) * s.head_width, s.rows);
  }
  QS_HOST_DEVICE std::int64_t pair(std::int64_t h, std::int64_t i, std::int64_t j, std::int64_t b) const {
    return at(h * s.tokens + i, j, b, s.tokens, s.rows);
  }
};

// p[h][i][j] = softmax_j(q_i . k_j / sqrt(e)), the largest score subtracted before exp. k = (h, i, b)
template <class Real>
struct AttentionProbability {
  AttentionShape s;
  const Real* q;
  const Real* key;
  Real* probability;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const AttentionIndex index{s};
    const std::int64_t b = k % s.rows, i = k / s.rows % s.tokens, h = k / s.rows / s.tokens;
    const Real scale = 1 / std::sqrt(Real(s.head_width));
    Real largest = -INFINITY, total = 0;
    for (int j = 0; j < s.tokens; ++j) {
      Real score = 0;
      for (int c = 0; c < s.head_width; ++c) score += q[index.element(i, h, c, b)] * key[index.element(j, h, c, b)];
      score *= scale;
      probability[index.pair(h, i, j, b)] = score;
      largest = largest < score ? score : largest;
    }
    for (int j = 0; j < s.tokens; ++j) {
      const Real weight = std::exp(probability[index.pair(h, i, j, b)] - largest);
      probability[index.pair(h, i, j, b)] = weight;
      total += weight;
    }
    for (int j = 0; j < s.tokens; ++j) probability[index.pair(h, i, j, b)] /= total;
  }
};

// y[i][h e + c] = sum_j p[h][i][j] v[j][h e + c]. k: element of y
template <class Real>
struct AttentionMix {
  AttentionShape s;
  const Real* v;
  const Real* probability;
  Real* y;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const std::int64_t width = static_cast<std::int64_t>(s.heads) * s.head_width;
    const std::int64_t b = k % s.rows, d = k / s.rows % width, i = k / s.rows / width;
    Real sum = 0;
    for (int j = 0; j < s.tokens; ++j) sum += probability[AttentionIndex{s}.pair(d / s.head_width, i, j, b)] * v[at(j, d, b, width, s.rows)];
    y[k] = sum;
  }
};

// ds[h][i][j] = p_ij (dp_ij - sum_j p_ij dp_ij) / sqrt(e), dp_ij = dy_i . v_j. k = (h, i, b)
template <class Real>
struct AttentionScoreGradient {
  AttentionShape s;
  const Real* v;
  const Real* probability;
  const Real* dy;
  Real* dscore;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const AttentionIndex index{s};
    const std::int64_t b = k % s.rows, i = k / s.rows % s.tokens, h = k / s.rows / s.tokens;
    const Real scale = 1 / std::sqrt(Real(s.head_width));
    Real mean = 0;
    for (int j = 0; j < s.tokens; ++j) {
      Real dp = 0;
      for (int c = 0; c < s.head_width; ++c) dp += dy[index.element(i, h, c, b)] * v[index.element(j, h, c, b)];
      dscore[index.pair(h, i, j, b)] = dp;
      mean += probability[index.pair(h, i, j, b)] * dp;
    }
    for (int j = 0; j < s.tokens; ++j) {
      const std::int64_t pair = index.pair(h, i, j, b);
      dscore[pair] = probability[pair] * (dscore[pair] - mean) * scale;
    }
  }
};

// dq_t = sum_j ds_tj k_j, dk_t = sum_i ds_it q_i, dv_t = sum_i p_it dy_i. k: element (t, h e + c, b)
template <class Real>
struct AttentionInputGradient {
  AttentionShape s;
  const Real* q;
  const Real* key;
  const Real* probability;
  const Real* dy;
  const Real* dscore;
  Real* dq;
  Real* dk;
  Real* dv;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const AttentionIndex index{s};
    const std::int64_t width = static_cast<std::int64_t>(s.heads) * s.head_width;
    const std::int64_t b = k % s.rows, d = k / s.rows % width, t = k / s.rows / width, h = d / s.head_width;
    Real q_sum = 0, k_sum = 0, v_sum = 0;
    for (int i = 0; i < s.tokens; ++i) {
      const std::int64_t other = at(i, d, b, width, s.rows);
      q_sum += dscore[index.pair(h, t, i, b)] * key[other];
      k_sum += dscore[index.pair(h, i, t, b)] * q[other];
      v_sum += probability[index.pair(h, i, t, b)] * dy[other];
    }
    dq[k] = q_sum;
    dk[k] = k_sum;
    dv[k] = v_sum;
  }
};

// y[p][h e + c] = sum_q alpha[h][index[p][q]] v[q][h e + c]. k: element of y
template <class Real>
struct MixTokens {
  MixShape s;
  const Real* v;
  const Real* alpha;
  const std::int32_t* index;
  Real* y;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const std::int64_t width = static_cast<std::int64_t>(s.heads) * s.head_width;
    const std::int64_t b = k % s.rows, d = k / s.rows % width, p = k / s.rows / width;
    const Real* weights = alpha + d / s.head_width * s.n_alpha;
    Real sum = 0;
    for (int q = 0; q < s.tokens; ++q) sum += weights[index[p * s.tokens + q]] * v[at(q, d, b, width, s.rows)];
    y[k] = sum;
  }
};

// The pairs (p, q), as p T + q in ascending order, with index[p][q] = k: order[start[k]] up to order[start[k + 1]]; start [n_alpha + 1]. Every k
// reads the whole index: a few thousand numbers, once per weight gradient. k: parameter
struct PairsOfParameter {
  int tokens, n_alpha;
  const std::int32_t* index;
  std::int32_t* start;
  std::int32_t* order;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const std::int32_t pairs = tokens * tokens;
    std::int32_t before = 0;
    for (std::int32_t pair = 0; pair < pairs; ++pair) before += index[pair] < k ? 1 : 0;
    start[k] = before;
    if (k == n_alpha - 1) start[n_alpha] = pairs;
    for (std::int32_t pair = 0; pair < pairs; ++pair) {
      if (index[pair] == k) order[before++] = pair;
    }
  }
};

// dalpha[h][k] = sum over the pairs of parameter k and over c of dy[p][h e + c] v[q][h e + c]. k = (h, parameter, b)
template <class Real>
struct MixWeightGradient {
  MixShape s;
  const Real* v;
  const Real* dy;
  const std::int32_t* start;
  const std::int32_t* order;
  Real* dalpha;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const std::int64_t width = static_cast<std::int64_t>(s.heads) * s.head_width;
    const std::int64_t b = k % s.rows, parameter = k / s.rows % s.n_alpha, h = k / s.rows / s.n_alpha;
    Real sum = 0;
    for (std::int32_t n = start[parameter]; n < start[parameter + 1]; ++n) {
      const std::int64_t p = order[n] / s.tokens, q = order[n] % s.tokens;
      for (int c = 0; c < s.head_width; ++c) {
        const std::int64_t d = h * s.head_width + c;
        sum += dy[at(p, d, b, width, s.rows)] * v[at(q, d, b, width, s.rows)];
      }
    }
    dalpha[k] = sum;
  }
};

}  // namespace qs::kernels::cuda

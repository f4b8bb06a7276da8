#include "kernels/cpu/install.h"
#include "kernels/cpu/products.h"
#include "kernels/cpu/vector_math.h"

namespace qs::kernels::QS_ISA {
namespace {

// softmax over n scores at distance `rows`, one lane group: p_j = 2^(scale (s_j - max)) / sum
template <class Real>
inline void softmax(int n, std::int64_t rows, Real scale, Real* p) {
  Vec<Real> largest = load(p);
  for (int j = 1; j < n; ++j) largest = larger<Real>(load(p + j * rows), largest);
  Vec<Real> total{};
  for (int j = 0; j < n; ++j) {
    const Vec<Real> value = power_of_two<Real>((load(p + j * rows) - largest) * scale);
    store<Real>(p + j * rows, value);
    total += value;
  }
  const Vec<Real> factor = Real(1) / total;
  for (int j = 0; j < n; ++j) store<Real>(p + j * rows, load(p + j * rows) * factor);
}

inline double score_scale(int head_width) { return 1 / __builtin_sqrt(static_cast<double>(head_width)); }

// p[h][i][j] = softmax_j(q_i . k_j / sqrt(e)), y_i = sum_j p_ij v_j: two products of lane vectors per head and lane group.
template <class Real>
void attention(AttentionShape s, const Real* q, const Real* k, const Real* v, Real* probability, Real* y) {
  const int T = s.tokens, e = s.head_width;
  const std::int64_t rows = s.rows, token = s.heads * e * rows, key = T * rows;
  constexpr double log2_e = 1.4426950408889634074;
  const Real scale = static_cast<Real>(score_scale(e) * log2_e);
  for (int h = 0; h < s.heads; ++h) {
    for (int b = 0; b < s.rows; b += lanes<Real>) {
      const std::int64_t head = h * e * rows + b;
      Real* p = probability + h * T * key + b;
      run(LaneProduct<Real>{T, T, e, q + head, token, rows, k + head, rows, token, p, key, rows});
      for (int i = 0; i < T; ++i) softmax(T, rows, scale, p + i * key);
      run(LaneProduct<Real>{T, e, T, p, key, rows, v + head, token, rows, y + head, token, rows});
    }
  }
}

// ds_ij = p_ij (dp_ij - sum_j p_ij dp_ij) scale over one row i, in place of dp.
template <class Real>
inline void softmax_backward(int n, std::int64_t rows, Real scale, const Real* p, Real* dp) {
  constexpr int L = lanes<Real>;
  Vec<Real> mean{};
  for (int j = 0; j < n; ++j) mean += load(p + j * rows) * load(dp + j * L);
  for (int j = 0; j < n; ++j) store<Real>(dp + j * L, load(p + j * rows) * (load(dp + j * L) - mean) * scale);
}

// dp_ij = dy_i . v_j, ds as above; dq_i = sum_j ds_ij k_j, dk_j = sum_i ds_ij q_i, dv_j = sum_i p_ij dy_i
template <class Real>
void attention_backward(AttentionShape s, const Real* q, const Real* k, const Real* v, const Real* probability, const Real* dy, Real* dq, Real* dk,
                        Real* dv) {
  constexpr int L = lanes<Real>;
  const int T = s.tokens, e = s.head_width;
  const std::int64_t rows = s.rows, token = s.heads * e * rows, key = T * rows, pair = T * L;
  const Real scale = static_cast<Real>(score_scale(e));
  const Scratch<Real> scratch(T * pair);
  Real* ds = scratch.data();
  for (int h = 0; h < s.heads; ++h) {
    for (int b = 0; b < s.rows; b += L) {
      const std::int64_t head = h * e * rows + b;
      const Real* p = probability + h * T * key + b;
      run(LaneProduct<Real>{T, T, e, dy + head, token, rows, v + head, rows, token, ds, pair, L});
      for (int i = 0; i < T; ++i) softmax_backward(T, rows, scale, p + i * key, ds + i * pair);
      run(LaneProduct<Real>{T, e, T, ds, pair, L, k + head, token, rows, dq + head, token, rows});
      run(LaneProduct<Real>{T, e, T, ds, L, pair, q + head, token, rows, dk + head, token, rows});
      run(LaneProduct<Real>{T, e, T, p, rows, key, dy + head, token, rows, dv + head, token, rows});
    }
  }
}

}  // namespace

template <class Real>
void install_attention(NetworkTable<Real>& table) {
  table.attention = attention<Real>;
  table.attention_backward = attention_backward<Real>;
}
template void install_attention(NetworkTable<float>&);
template void install_attention(NetworkTable<double>&);

}  // namespace qs::kernels::QS_ISA

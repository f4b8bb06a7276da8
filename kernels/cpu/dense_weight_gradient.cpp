#include <utility>

#include "kernels/cpu/blocks.h"
#include "kernels/cpu/network.h"
#include "kernels/cpu/transpose.h"

namespace qs::kernels::QS_ISA {
namespace {

// --- One row per sample: lanes are rows -------------------------------------------------------------------------------------------------------

// Inputs per register block: `lanes` outputs each, about 24 accumulators of 32 registers (12 of 16).
template <class Real>
constexpr int row_inputs = vector_registers * 3 / 4 / lanes<Real> > 0 ? vector_registers * 3 / 4 / lanes<Real> : 1;

// Inputs i .. i + I - 1 against the packed outputs panel[t][lanes][rows], then transposed: each row receives runs of `count` outputs.
template <class Real, int I>
void row_block(DenseShape s, const Real* x, const Real* panel, std::int64_t first, int count, int first_row, GradientTarget<Real> dw) {
  constexpr int L = lanes<Real>;
  Vec<Real> sum[I][L] = {};
  const std::int64_t token = static_cast<std::int64_t>(s.in) * s.rows;
  for (int t = 0; t < s.tokens; ++t) {
#pragma GCC unroll 16
    for (int i = 0; i < I; ++i) {
      const Vec<Real> xi = load(x + t * token + static_cast<std::int64_t>(i) * s.rows);
#pragma GCC unroll 16
      for (int o = 0; o < L; ++o) sum[i][o] += xi * load(panel + (t * L + o) * L);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < I; ++i) deliver<Real>(dw, first + static_cast<std::int64_t>(i) * s.out, count, first_row, sum[i]);
}

// panel[t][o][rows] of the outputs first .. first + count - 1 of one lane group; absent ones are zeros.
template <class Real>
void pack_panel(DenseShape s, const Real* dy, int first, int count, Real* panel) {
  constexpr int L = lanes<Real>;
  for (int t = 0; t < s.tokens; ++t) {
    for (int o = 0; o < L; ++o) {
      const Real* from = dy + (static_cast<std::int64_t>(t) * s.out + first + o) * s.rows;
      store<Real>(panel + (t * L + o) * L, o < count ? load(from) : Vec<Real>{});
    }
  }
}

// Inputs per sweep over all outputs: enough to use a panel from the first-level cache, few enough that the runs of a row which are being written
// stay on a few pages (16 rows, float64, 60 x 240 with 25 tokens: 9.5 -> 14.7 GFLOP/s; 1360 x 240 with one: 4.5 times as fast).
constexpr int sweep_inputs = 16;

// dw[b][i][o] = sum_t x[t][i][b] dy[t][o][b], panel by panel of `lanes` outputs.
template <class Real>
void gradient_rows(DenseShape s, const Real* x, const Real* dy, GradientTarget<Real> dw) {
  constexpr int L = lanes<Real>, I = row_inputs<Real>;
  const std::int64_t panel_size = static_cast<std::int64_t>(s.tokens) * L * L;
  const Scratch<Real> panels((s.out + L - 1) / L * panel_size);
  for (int b = 0; b < dw.valid; b += L) {
    for (int o = 0; o < s.out; o += L) pack_panel(s, dy + b, o, smaller(L, s.out - o), panels.data() + o / L * panel_size);
    for (int i0 = 0; i0 < s.in; i0 += sweep_inputs) {
      const int i1 = smaller(i0 + sweep_inputs, s.in);
      for (int o = 0; o < s.out; o += L) {
        const Real* panel = panels.data() + o / L * panel_size;
        int i = i0;
        for (; i + I <= i1; i += I) {
          const std::int64_t first = static_cast<std::int64_t>(i) * s.out + o;
          row_block<Real, I>(s, x + static_cast<std::int64_t>(i) * s.rows + b, panel, first, smaller(L, s.out - o), b, dw);
        }
        for (; i < i1; ++i) {
          const std::int64_t first = static_cast<std::int64_t>(i) * s.out + o;
          row_block<Real, 1>(s, x + static_cast<std::int64_t>(i) * s.rows + b, panel, first, smaller(L, s.out - o), b, dw);
        }
      }
    }
  }
}

// --- One sum over rows: lanes are outputs, so that tokens and rows are the summation index of an ordinary product ------------------------------

// Register block of I inputs x O registers of outputs: about 24 accumulators of 32 registers, 12 of 16.
constexpr int most_outputs = vector_registers == 32 ? 4 : 3;
constexpr int most_inputs(int O) { return vector_registers * 3 / 4 / O < 16 ? vector_registers * 3 / 4 / O : 16; }

// (token, row) pairs per panel of transposed outputs: 32 KiB, which stay in the first-level cache while all inputs pass.
constexpr int panel_entries = 128;

// sums[i][o] += sum over tokens and rows of x[t][i][b] packed[t][b][o], o over O registers
template <class Real>
struct SumProduct {
  int tokens, rows, inputs, O;
  const Real* x;
  std::int64_t x_token, x_input;
  const Real* packed;
  Real* sums;
};

template <int O, int I, class Real>
void sum_block(const SumProduct<Real>& p) {
  constexpr int L = lanes<Real>;
  Vec<Real> sum[I][O];
#pragma GCC unroll 16
  for (int i = 0; i < I; ++i) {
#pragma GCC unroll 16
    for (int o = 0; o < O; ++o) sum[i][o] = load(p.sums + (i * O + o) * L);
  }
  const Real* g = p.packed;
  for (int t = 0; t < p.tokens; ++t) {
    const Real* x = p.x + t * p.x_token;
    for (int b = 0; b < p.rows; ++b, ++x, g += O * L) {
      Vec<Real> go[O];
#pragma GCC unroll 16
      for (int o = 0; o < O; ++o) go[o] = load(g + o * L);
#pragma GCC unroll 16
      for (int i = 0; i < I; ++i) {
        const Real xi = x[i * p.x_input];
#pragma GCC unroll 16
        for (int o = 0; o < O; ++o) sum[i][o] += go[o] * xi;
      }
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < I; ++i) {
#pragma GCC unroll 16
    for (int o = 0; o < O; ++o) store<Real>(p.sums + (i * O + o) * L, sum[i][o]);
  }
}

template <int O, class Real, int... I>
void run_inputs(SumProduct<Real> p, std::integer_sequence<int, I...>) {
  static constexpr void (*blocks[])(const SumProduct<Real>&) = {sum_block<O, I + 1>...};
  const Pieces pieces(p.inputs, sizeof...(I));
  const Real* x = p.x;
  Real* sums = p.sums;
  for (int k = 0; k < pieces.count; ++k) {
    p.x = x + pieces.begin(k) * p.x_input;
    p.sums = sums + static_cast<std::int64_t>(pieces.begin(k)) * O * lanes<Real>;
    blocks[pieces.size(k) - 1](p);
  }
}

template <class Real, int O = most_outputs>
void run(const SumProduct<Real>& p) {
  if constexpr (O > 1) {
    if (p.O < O) return run<Real, O - 1>(p);
  }
  run_inputs<O>(p, std::make_integer_sequence<int, most_inputs(O)>{});
}

// packed[b][o] = dy[o][b], o < count (zero beyond), b < rows: square tiles. `packed` holds whole tiles: rows are rounded up to lanes.
template <class Real>
void pack_transposed(int rows, int count, int registers, const Real* dy, std::int64_t dy_output, Real* packed) {
  constexpr int L = lanes<Real>;
  for (int r = 0; r < registers; ++r) {
    for (int b = 0; b < rows; b += L) {
      Vec<Real> tile[L];
#pragma GCC unroll 16
      for (int o = 0; o < L; ++o) tile[o] = r * L + o < count ? load(dy + (r * L + o) * dy_output + b) : Vec<Real>{};
      transpose<Real>(tile);
#pragma GCC unroll 16
      for (int l = 0; l < L; ++l) store<Real>(packed + ((b + l) * registers + r) * L, tile[l]);
    }
  }
}

// sums[i][0 .. registers lanes) = sum_{t, b < valid} x[t][i][b] dy[t][o][b] for `count` outputs from dy on.
template <class Real>
void sum_outputs(DenseShape s, int valid, const Real* x, const Real* dy, int count, int registers, Real* sums) {
  constexpr int L = lanes<Real>;
  alignas(64) Real packed[(panel_entries + L) * most_outputs * L];
  const std::int64_t x_token = static_cast<std::int64_t>(s.in) * s.rows, dy_token = static_cast<std::int64_t>(s.out) * s.rows;
  const int row_step = smaller(valid, panel_entries), token_step = panel_entries / row_step;
  for (std::int64_t k = 0; k < static_cast<std::int64_t>(s.in) * registers * L; k += L) store<Real>(sums + k, Vec<Real>{});
  for (int b = 0; b < valid; b += row_step) {
    const int rows = smaller(row_step, valid - b);
    for (int t0 = 0; t0 < s.tokens; t0 += token_step) {
      const int tokens = smaller(token_step, s.tokens - t0);
      for (int t = 0; t < tokens; ++t) {
        pack_transposed(rows, count, registers, dy + (t0 + t) * dy_token + b, s.rows, packed + static_cast<std::int64_t>(t) * rows * registers * L);
      }
      run(SumProduct<Real>{tokens, rows, s.in, registers, x + t0 * x_token + b, x_token, s.rows, packed, sums});
    }
  }
}

// dw[i][o] += sum_{t, b < valid} x[t][i][b] dy[t][o][b]
template <class Real>
void gradient_sum(DenseShape s, const Real* x, const Real* dy, GradientTarget<Real> dw) {
  constexpr int L = lanes<Real>;
  const Scratch<Real> sums(static_cast<std::int64_t>(s.in) * most_outputs * L);
  const Pieces pieces((s.out + L - 1) / L, most_outputs);
  for (int k = 0; dw.valid > 0 && k < pieces.count; ++k) {
    const int registers = pieces.size(k), first = pieces.begin(k) * L, count = smaller(registers * L, s.out - first);
    sum_outputs(s, dw.valid, x, dy + static_cast<std::int64_t>(first) * s.rows, count, registers, sums.data());
    for (int i = 0; i < s.in; ++i) {
      const Real* from = sums.data() + static_cast<std::int64_t>(i) * registers * L;
      Real* to = dw.base + static_cast<std::int64_t>(i) * s.out + first;
      for (int o = 0; o < count; o += L) add_first<Real>(to + o, load(from + o), smaller(L, count - o));
    }
  }
}

// --- Biases and gradients that exist per lane -------------------------------------------------------------------------------------------------

// Delivers sum_t g[t][k][b], t < tokens, k < n.
template <class Real>
void emit_sums(int tokens, int n, int rows, const Real* g, GradientTarget<Real> target) {
  constexpr int L = lanes<Real>;
  for (int b = 0; b < target.valid; b += L) {
    for (int k0 = 0; k0 < n; k0 += L) {
      const int count = smaller(L, n - k0);
      Vec<Real> tile[L] = {};
      for (int k = 0; k < count; ++k) {
        for (int t = 0; t < tokens; ++t) tile[k] += load(g + (static_cast<std::int64_t>(t) * n + k0 + k) * rows + b);
      }
      deliver<Real>(target, k0, count, b, tile);
    }
  }
}

template <class Real>
void emit_gradient(int n, int rows, const Real* g, GradientTarget<Real> target) {
  emit_sums(1, n, rows, g, target);
}

template <class Real>
void dense_weight_gradient(DenseShape s, const Real* x, const Real* dy, GradientTarget<Real> dw, GradientTarget<Real> dbias) {
  if (dw.row_stride == 0) {
    gradient_sum(s, x, dy, dw);
  } else {
    gradient_rows(s, x, dy, dw);
  }
  if (dbias.base != nullptr) emit_sums(s.tokens, s.out, s.rows, dy, dbias);
}

}  // namespace

template <class Real>
void install_dense_weight_gradient(NetworkTable<Real>& table) {
  table.dense_weight_gradient = dense_weight_gradient<Real>;
  table.emit_gradient = emit_gradient<Real>;
}
template void install_dense_weight_gradient(NetworkTable<float>&);
template void install_dense_weight_gradient(NetworkTable<double>&);

}  // namespace qs::kernels::QS_ISA

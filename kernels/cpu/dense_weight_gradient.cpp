#include "kernels/cpu/blocks.h"
#include "kernels/cpu/gradient_product.h"
#include "kernels/cpu/install.h"
#include "kernels/cpu/transpose.h"

namespace qs::kernels::QS_ISA {
namespace {

// Per row there are two ways: lanes along the outputs (products_of_rows) or along the rows, with transposed results (tiles_of_rows).
// float32, AVX-512, shares of the peak of the two: 25 tokens 60 -> 240 0.36 and 0.28, 12 tokens 80 -> 80 0.33 both, 36 tokens 64 -> 16 0.26 and 0.39.

// --- Lanes are rows ---------------------------------------------------------------------------------------------------------------------------

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
void tiles_of_rows(DenseShape s, const Real* x, const Real* dy, GradientTarget<Real> dw) {
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

// --- Lanes are outputs ------------------------------------------------------------------------------------------------------------------------

// x of one lane group: x[t][i][b] for inputs that lie one register apart.
template <class Real>
struct InputLines {
  const Real* x;
  std::int64_t token;
};

// Inputs first .. first + inputs - 1 of `tokens` tokens from x on; copied where the batch is wider than a register.
template <class Real>
InputLines<Real> input_lines(DenseShape s, int tokens, int inputs, const Real* x, Real* copy) {
  constexpr int L = lanes<Real>;
  if (s.rows == L) return {x, static_cast<std::int64_t>(s.in) * L};
  for (int t = 0; t < tokens; ++t) {
    const Real* from = x + static_cast<std::int64_t>(t) * s.in * s.rows;
    Real* to = copy + static_cast<std::int64_t>(t) * inputs * L;
    for (int i = 0; i < inputs; ++i) store<Real>(to + i * L, load(from + static_cast<std::int64_t>(i) * s.rows));
  }
  return {copy, static_cast<std::int64_t>(inputs) * L};
}

// Inputs per sweep over all outputs: a multiple of 12, as the blocks, whose lines of x (one per token and input) stay in the first-level cache while
// all configurations pass.
constexpr int swept_lines = 256;
inline int inputs_per_sweep(int tokens) { return tokens * 24 > swept_lines ? 12 : swept_lines / (12 * tokens) * 12; }

// dy of one lane group as [piece of most_outputs][b][t][registers][lanes].
template <class Real>
void pack_configurations(DenseShape s, const Real* dy, Real* panels) {
  constexpr int L = lanes<Real>;
  for (int first = 0; first < s.out; first += most_outputs<Real>, panels += static_cast<std::int64_t>(most_outputs<Real>) * s.tokens * L) {
    const int outputs = smaller(most_outputs<Real>, s.out - first), width = registers_of<Real>(outputs) * L;
    for (int t = 0; t < s.tokens; ++t) {
      const Real* from = dy + (static_cast<std::int64_t>(t) * s.out + first) * s.rows;
      pack_outputs(outputs, from, s.rows, panels + t * width, static_cast<std::int64_t>(s.tokens) * width);
    }
  }
}

// row[i][o] = sum_t x[t][i][b] dy[t][o][b] of configuration b, for the inputs of a sweep: its results lie one behind the other.
template <class Real>
void product_of_row(DenseShape s, int inputs, int b, InputLines<Real> lines, const Real* panels, Real* row) {
  constexpr int L = lanes<Real>;
  GradientProduct<Real> product{1, s.tokens, inputs, 0, 0, lines.token, s.out, Write::overwrite};
  for (int first = 0; first < s.out; first += most_outputs<Real>) {
    product.outputs = smaller(most_outputs<Real>, s.out - first);
    const int width = registers_of<Real>(product.outputs) * L;
    run(product, lines.x + b, panels + (static_cast<std::int64_t>(first) * L + b * width) * s.tokens, row + first);
  }
}

// Rows of more bytes together than a second-level cache keeps are streamed.
constexpr std::int64_t streamed_bytes = std::int64_t{1} << 20;

// dw[b][i][o] = sum_t x[t][i][b] dy[t][o][b], one small product per configuration. Writing one row after the other, in runs of whole lines, costs far
// less than writing `lanes` rows side by side, each on its own page.
template <class Real>
void products_of_rows(DenseShape s, const Real* x, const Real* dy, GradientTarget<Real> dw) {
  constexpr int L = lanes<Real>;
  const int sweep = smaller(inputs_per_sweep(s.tokens), s.in);
  const bool streamed = dw.valid * dw.row_stride * static_cast<std::int64_t>(sizeof(Real)) > streamed_bytes;
  const std::int64_t panels_size = static_cast<std::int64_t>(registers_of<Real>(s.out)) * s.tokens * L * L;
  const std::int64_t copy_size = static_cast<std::int64_t>(s.tokens) * sweep * L;
  const Scratch<Real> scratch(panels_size + copy_size + static_cast<std::int64_t>(sweep) * s.out + 2 * L);
  Real *panels = scratch.data(), *copy = panels + panels_size, *staged = copy + copy_size;
  for (int b0 = 0; b0 < dw.valid; b0 += L) {
    pack_configurations(s, dy + b0, panels);
    for (int i = 0; i < s.in; i += sweep) {
      const int inputs = smaller(sweep, s.in - i), rows = smaller(L, dw.valid - b0);
      const InputLines<Real> lines = input_lines(s, s.tokens, inputs, x + static_cast<std::int64_t>(i) * s.rows + b0, copy);
      for (int b = 0; b < rows; ++b) {
        Real* row = dw.base + (b0 + b) * dw.row_stride + static_cast<std::int64_t>(i) * s.out;
        Real* to = streamed ? staged + offset_in_register(row) : row;
        product_of_row(s, inputs, b, lines, panels, to);
        if (streamed) stream(static_cast<std::int64_t>(inputs) * s.out, to, row);
      }
    }
  }
  if (streamed) fence_streams();
}

// (token, row) pairs per panel of transposed outputs: 32 KiB, which stay in the first-level cache while all inputs pass.
constexpr int panel_entries = 128;

// dw[i][o] += sum_{t, b < valid} x[t][i][b] dy[t][o][b], lane group after lane group
template <class Real>
void gradient_sum(DenseShape s, const Real* x, const Real* dy, GradientTarget<Real> dw) {
  constexpr int L = lanes<Real>, token_step = panel_entries / L;
  alignas(64) Real packed[panel_entries * most_outputs<Real>];
  const Scratch<Real> copy(s.rows == L ? 0 : static_cast<std::int64_t>(token_step) * s.in * L);
  for (int b = 0; b < dw.valid; b += L) {
    const int rows = smaller(L, dw.valid - b);
    for (int t0 = 0; t0 < s.tokens; t0 += token_step) {
      const int tokens = smaller(token_step, s.tokens - t0);
      const InputLines<Real> lines = input_lines(s, tokens, s.in, x + static_cast<std::int64_t>(t0) * s.in * s.rows + b, copy.data());
      for (int first = 0; first < s.out; first += most_outputs<Real>) {
        const int outputs = smaller(most_outputs<Real>, s.out - first), width = registers_of<Real>(outputs) * L;
        for (int t = 0; t < tokens; ++t) {
          const Real* from = dy + (static_cast<std::int64_t>(t0 + t) * s.out + first) * s.rows + b;
          pack_outputs(outputs, from, s.rows, packed + t * rows * width, width);
        }
        run(GradientProduct<Real>{tokens, rows, s.in, outputs, lines.token, 1, s.out, Write::accumulate}, lines.x, packed, dw.base + first);
      }
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

// With 32 registers products are the faster way, unless one register holds all outputs (a load for every multiply-add) and the tokens are many
// against the transposition. 16 registers of half the width transpose for a third of the shuffles and multiply in smaller blocks: there only large
// matrices, bound by writing their rows, gain (Jacobians, before and after: ViT of width 60 39 and 52 %, Q-stage of width 24 27 and 22 %).
template <class Real>
bool products_are_faster(DenseShape s) {
  if (vector_registers == 32) return s.out > lanes<Real> || s.tokens < lanes<Real>;
  return static_cast<std::int64_t>(s.in) * s.out >= 3600;
}

template <class Real>
void dense_weight_gradient(DenseShape s, const Real* x, const Real* dy, GradientTarget<Real> dw, GradientTarget<Real> dbias) {
  if (dw.row_stride == 0) {
    gradient_sum(s, x, dy, dw);
  } else if (products_are_faster<Real>(s)) {
    products_of_rows(s, x, dy, dw);
  } else {
    tiles_of_rows(s, x, dy, dw);
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

#include "kernels/cpu/gradient_product.h"

#include <utility>

#include "kernels/cpu/partial.h"
#include "kernels/cpu/transpose.h"

namespace qs::kernels::QS_ISA {
namespace {

// Inputs of a register block with O registers of outputs: at least 8 accumulators hide the latency of a multiply-add, at most 24 of 32 registers (12
// of 16) leave room for operands. All of them divide 12.
constexpr int most_inputs(int O) { return O == 1 ? 12 : vector_registers == 32 ? (O == 2 ? 12 : 6) : (O == 2 ? 6 : 4); }

template <int O, int I, class Real>
void block(const GradientProduct<Real>& p, const Real* x, const Real* packed, Real* to) {
  constexpr int L = lanes<Real>;
  const int inner = p.inner, last = p.outputs - (O - 1) * L;
  const std::int64_t x_inner = p.x_inner, to_input = p.to_input;
  Vec<Real> sum[I][O] = {};
  if (p.write == Write::accumulate) {
    const Real* row = to;
#pragma GCC unroll 16
    for (int i = 0; i < I; ++i, row += to_input) {
#pragma GCC unroll 16
      for (int o = 0; o + 1 < O; ++o) sum[i][o] = load_unaligned<Real>(row + o * L);
      sum[i][O - 1] = load_first<Real>(row + (O - 1) * L, last);
    }
  }
  for (int r = 0; r < p.outer; ++r) {
    const Real* xs = x + r * p.x_outer;
    for (int s = 0; s < inner; ++s, xs += x_inner, packed += O * L) {
      Vec<Real> g[O];
#pragma GCC unroll 16
      for (int o = 0; o < O; ++o) g[o] = load(packed + o * L);
#pragma GCC unroll 16
      for (int i = 0; i < I; ++i) {
        const Real xi = xs[i * L];
#pragma GCC unroll 16
        for (int o = 0; o < O; ++o) sum[i][o] += g[o] * xi;
      }
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < I; ++i, to += to_input) {
#pragma GCC unroll 16
    for (int o = 0; o + 1 < O; ++o) store_unaligned<Real>(to + o * L, sum[i][o]);
    store_first<Real>(to + (O - 1) * L, sum[i][O - 1], last);
  }
}

// Full blocks of inputs, the rest in one or in two even ones. Without a division: a product may take less than a hundred cycles.
template <int O, class Real, int... I>
void run_inputs(const GradientProduct<Real>& p, const Real* x, const Real* packed, Real* to, std::integer_sequence<int, I...>) {
  static constexpr void (*blocks[])(const GradientProduct<Real>&, const Real*, const Real*, Real*) = {block<O, I + 1>...};
  constexpr int most = sizeof...(I);
  for (int left = p.inputs; left > 0;) {
    const int size = left <= most ? left : left < 2 * most ? (left + 1) / 2 : most;
    blocks[size - 1](p, x, packed, to);
    x += size * lanes<Real>;
    to += size * p.to_input;
    left -= size;
  }
}

template <int O, class Real>
void run_registers(const GradientProduct<Real>& p, const Real* x, const Real* packed, Real* to) {
  if constexpr (O > 1) {
    if (p.outputs <= (O - 1) * lanes<Real>) return run_registers<O - 1>(p, x, packed, to);
  }
  run_inputs<O>(p, x, packed, to, std::make_integer_sequence<int, most_inputs(O)>{});
}

}  // namespace

template <class Real>
void run(const GradientProduct<Real>& p, const Real* x, const Real* packed, Real* to) {
  run_registers<most_registers>(p, x, packed, to);
}

template <class Real>
void pack_outputs(int outputs, const Real* dy, std::int64_t dy_output, Real* packed, std::int64_t packed_row) {
  constexpr int L = lanes<Real>;
  for (int first = 0; first < outputs; first += L) {
    Vec<Real> tile[L];
#pragma GCC unroll 16
    for (int o = 0; o < L; ++o) tile[o] = first + o < outputs ? load(dy + (first + o) * dy_output) : Vec<Real>{};
    transpose<Real>(tile);
#pragma GCC unroll 16
    for (int l = 0; l < L; ++l) store<Real>(packed + l * packed_row + first, tile[l]);
  }
}

template void run(const GradientProduct<float>&, const float*, const float*, float*);
template void run(const GradientProduct<double>&, const double*, const double*, double*);
template void pack_outputs(int, const float*, std::int64_t, float*, std::int64_t);
template void pack_outputs(int, const double*, std::int64_t, double*, std::int64_t);

}  // namespace qs::kernels::QS_ISA

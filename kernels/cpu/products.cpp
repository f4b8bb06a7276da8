// Register blocks. A block of M x N results needs M N accumulators, M vectors of x and one broadcast weight, and per step of k does M N
// fused multiply-adds for M + N loads; two of each run per cycle, so M + N must stay well below M N.
#include "kernels/cpu/products.h"

#include <utility>

#include "kernels/cpu/blocks.h"

namespace qs::kernels::QS_ISA {
namespace {

// Largest N for a block of M rows. 32 registers: 5 x 5, which divides the 25, 60 and 240 of the reference network, and about 24 accumulators
// for the other M. 16 registers: 3 x 4.
constexpr int largest_rows = vector_registers == 32 ? 5 : 3;
constexpr int largest_columns(int M) {
  constexpr int wide[] = {0, 16, 12, 8, 6, 5};
  constexpr int narrow[] = {0, 10, 6, 4};
  return vector_registers == 32 ? wide[M] : narrow[M];
}
// k is cut so that the M x K panel of x, read again for every block of columns, stays in a 32 KiB first-level cache.
constexpr int panel_depth = 96;

template <int M, int N, class Real>
void block(const BroadcastProduct<Real>& p) {
  Vec<Real> sum[M][N];
#pragma GCC unroll 16
  for (int m = 0; m < M; ++m) {
#pragma GCC unroll 16
    for (int n = 0; n < N; ++n) {
      sum[m][n] = p.bias ? splat(p.bias[n]) : Vec<Real>{};
      if (p.write == Write::accumulate) sum[m][n] += load(p.y + m * p.y_m + n * p.y_n);
    }
  }
  const Real* x = p.x;
  const Real* w = p.w;
  for (int k = 0; k < p.K; ++k, x += p.x_k, w += p.w_k) {
    Vec<Real> xk[M];
#pragma GCC unroll 16
    for (int m = 0; m < M; ++m) xk[m] = load(x + m * p.x_m);
#pragma GCC unroll 16
    for (int n = 0; n < N; ++n) {
#pragma GCC unroll 16
      for (int m = 0; m < M; ++m) sum[m][n] += xk[m] * w[n];
    }
  }
#pragma GCC unroll 16
  for (int m = 0; m < M; ++m) {
#pragma GCC unroll 16
    for (int n = 0; n < N; ++n) store<Real>(p.y + m * p.y_m + n * p.y_n, sum[m][n]);
  }
}

template <int M, int N, class Real>
void block(const LaneProduct<Real>& p) {
  Vec<Real> sum[M][N] = {};
  const Real* a = p.a;
  const Real* b = p.b;
  for (int k = 0; k < p.K; ++k, a += p.a_k, b += p.b_k) {
    Vec<Real> ak[M];
#pragma GCC unroll 16
    for (int m = 0; m < M; ++m) ak[m] = load(a + m * p.a_m);
#pragma GCC unroll 16
    for (int n = 0; n < N; ++n) {
      const Vec<Real> bn = load(b + n * p.b_n);
#pragma GCC unroll 16
      for (int m = 0; m < M; ++m) sum[m][n] += ak[m] * bn;
    }
  }
#pragma GCC unroll 16
  for (int m = 0; m < M; ++m) {
#pragma GCC unroll 16
    for (int n = 0; n < N; ++n) store<Real>(p.c + m * p.c_m + n * p.c_n, sum[m][n]);
  }
}

template <int M, class Product, int... N>
void run_columns(const Product& p, std::integer_sequence<int, N...>) {
  static constexpr void (*blocks[])(const Product&) = {block<M, N + 1>...};
  blocks[p.N - 1](p);
}

// p.M <= largest_rows, p.N <= largest_columns(p.M)
template <class Product, int M = largest_rows>
void run_block(const Product& p) {
  if constexpr (M > 1) {
    if (p.M < M) return run_block<Product, M - 1>(p);
  }
  run_columns<M>(p, std::make_integer_sequence<int, largest_columns(M)>{});
}

template <class Real>
BroadcastProduct<Real> columns_of(const BroadcastProduct<Real>& p, int begin, int count) {
  BroadcastProduct<Real> part = p;
  part.N = count;
  part.w += begin;
  part.bias = p.bias ? p.bias + begin : nullptr;
  part.y += begin * p.y_n;
  return part;
}
template <class Real>
LaneProduct<Real> columns_of(const LaneProduct<Real>& p, int begin, int count) {
  LaneProduct<Real> part = p;
  part.N = count;
  part.b += begin * p.b_n;
  part.c += begin * p.c_n;
  return part;
}

template <class Product>
void run_all_columns(const Product& p) {
  const Pieces pieces(p.N, largest_columns(p.M));
  for (int i = 0; i < pieces.count; ++i) run_block(columns_of(p, pieces.begin(i), pieces.size(i)));
}

// x of one block of rows and one panel, copied to consecutive lines [k][m][lanes]. Where a row of the batch is wider than a register, the lines of
// one lane group lie a power of two apart and share few sets of the cache.
template <class Real>
void pack(BroadcastProduct<Real>& p, Real* packed) {
  constexpr int L = lanes<Real>;
  for (int m = 0; m < p.M; ++m) {
    for (int k = 0; k < p.K; ++k) store<Real>(packed + (k * p.M + m) * L, load(p.x + m * p.x_m + k * p.x_k));
  }
  p.x = packed;
  p.x_m = L;
  p.x_k = static_cast<std::int64_t>(p.M) * L;
}

// One block of rows, all columns, panel after panel of k.
template <class Real>
void run_rows(const BroadcastProduct<Real>& p) {
  constexpr int L = lanes<Real>;
  alignas(64) Real packed[largest_rows * panel_depth * L];
  const bool consecutive = p.x_k == L || (p.x_m == L && p.x_k == std::int64_t{p.M} * L);
  const bool worth_packing = !consecutive && p.N >= 4 * largest_columns(p.M);
  const Pieces panels(p.K > 0 ? p.K : 1, panel_depth);
  for (int k = 0; k < panels.count; ++k) {
    BroadcastProduct<Real> panel = p;
    panel.K = p.K > 0 ? panels.size(k) : 0;
    panel.x += panels.begin(k) * p.x_k;
    panel.w += panels.begin(k) * p.w_k;
    if (k > 0) {
      panel.bias = nullptr;
      panel.write = Write::accumulate;
    }
    if (worth_packing) pack(panel, packed);
    run_all_columns(panel);
  }
}

}  // namespace

template <class Real>
void run(const BroadcastProduct<Real>& p) {
  const Pieces pieces(p.M, largest_rows);
  for (int i = 0; i < pieces.count; ++i) {
    BroadcastProduct<Real> part = p;
    part.M = pieces.size(i);
    part.x += pieces.begin(i) * p.x_m;
    part.y += pieces.begin(i) * p.y_m;
    run_rows(part);
  }
}

template <class Real>
void run(const LaneProduct<Real>& p) {
  const Pieces pieces(p.M, largest_rows);
  for (int i = 0; i < pieces.count; ++i) {
    LaneProduct<Real> part = p;
    part.M = pieces.size(i);
    part.a += pieces.begin(i) * p.a_m;
    part.c += pieces.begin(i) * p.c_m;
    run_all_columns(part);
  }
}

template void run(const BroadcastProduct<float>&);
template void run(const BroadcastProduct<double>&);
template void run(const LaneProduct<float>&);
template void run(const LaneProduct<double>&);

}  // namespace qs::kernels::QS_ISA

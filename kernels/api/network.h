// Primitives of neural wavefunctions, forward and backward: the fields of NetworkTable. Declared once here, filled by kernels/reference (plain loops:
// the specification), kernels/cpu (SIMD) and kernels/cuda; kernels/dispatch picks by Device. Pointers lead into the memory of the device
// (kernels/api/memory.h).
//
// Layout: rows innermost. An activation is [T][D][B]: T tokens, D features, B configurations in SIMD lanes; B is a multiple of
// lane_multiple<Real>() and pointers are 64-byte aligned. Rows beyond the valid ones hold finite copies and are ignored. A lane's result never
// depends on the other lanes. Real = float and double. Pointers must not alias unless a comment says so.
#pragma once

#include <cstdint>

#include "kernels/api/device.h"

namespace qs::kernels {

enum class Write { overwrite, accumulate };

struct DenseShape {
  int tokens, in, out, rows;
};

// Where a weight gradient goes. row_stride == 0: base[k] += sum over rows b < valid. Otherwise one row per sample:
// base[b * row_stride + k] = value of row b, b < valid (overwrites).
template <class Real>
struct GradientTarget {
  Real* base;
  std::int64_t row_stride;
  int valid;
};

struct MixShape {
  int tokens, heads, head_width, rows, n_alpha;
};

struct AttentionShape {
  int tokens, heads, head_width, rows;
};

struct DeterminantShape {
  int tokens, orbitals, rows;
};

template <class Real>
struct LayerNormWeights {
  const Real* scale;  // [D]
  const Real* bias;
};
template <class Real>
struct DenseWeights {
  const Real* kernel;  // [in][out]
  const Real* bias;    // [out]
};

struct MlpShape {
  int tokens, width, hidden, rows;
};
template <class Real>
struct MlpWeights {
  LayerNormWeights<Real> norm;
  DenseWeights<Real> up, down;
};

template <class Real>
struct MixingWeights {
  LayerNormWeights<Real> norm;
  DenseWeights<Real> value;
  const Real* alpha;          // [H][n_alpha]
  const std::int32_t* index;  // [T][T], see mix_tokens
  DenseWeights<Real> out;
};

template <class Real>
struct AttentionWeights {
  LayerNormWeights<Real> norm;
  DenseWeights<Real> query, key, value, out;
};

template <class Real>
struct NetworkTable {
  // y[t][o][b] (+)= sum_i x[t][i][b] w[i][o] + bias[o]; bias may be nullptr. Also the input gradient, with w transposed and no bias.
  void (*dense)(DenseShape shape, const Real* x, const Real* w, const Real* bias, Real* y, Write write);

  // dw[i][o] = sum_t x[t][i][b] dy[t][o][b] and dbias[o] = sum_t dy[t][o][b] per row, delivered to the targets (dbias.base may be nullptr).
  void (*dense_weight_gradient)(DenseShape shape, const Real* x, const Real* dy, GradientTarget<Real> dw, GradientTarget<Real> dbias);

  // Delivers lane gradients g[n][B] to a target: sums or transposes.
  void (*emit_gradient)(int n, int rows, const Real* g, GradientTarget<Real> target);

  // m = mean_d x, v = max(mean x^2 - m^2, 0), rstd = 1/sqrt(v + 1e-6); normalised = (x - m) rstd; y = normalised * scale[d] + bias[d].
  // Overwrites y, normalised [T][D][B], rstd [T][B]. y may alias x.
  void (*layer_norm)(int tokens, int width, int rows, const Real* x, const Real* scale, const Real* bias, Real* y, Real* normalised, Real* rstd);
  // dx[t][d][b] (+)= rstd (g - mean_d g - normalised mean_d(g normalised)), g = dy scale. dscale[d][b], dbias[d][b]: sums over tokens, overwritten.
  void (*layer_norm_backward)(int tokens, int width, int rows, const Real* dy, const Real* scale, const Real* normalised, const Real* rstd, Real* dx,
                              Write write, Real* dscale, Real* dbias);

  // gelu(x) = x/2 (1 + tanh(sqrt(2/pi)(x + 0.044715 x^3))), n values. y may alias x.
  void (*gelu)(std::int64_t n, const Real* x, Real* y);
  // dx = dy gelu'(x); dx may alias dy.
  void (*gelu_backward)(std::int64_t n, const Real* x, const Real* dy, Real* dx);

  // Factored attention: y[p][h*e + c][b] = sum_q alpha[h][index[p][q]] v[q][h*e + c][b]; index [T][T] maps token pairs to the n_alpha parameters of
  // a head (translation invariant: displacement; otherwise p*T + q). The input gradient is the same with the transposed index. Overwrites y.
  void (*mix_tokens)(MixShape shape, const Real* v, const Real* alpha, const std::int32_t* index, Real* y);
  // dalpha[h][k][b] = sum over (p,q) with index[p][q] = k and over c of dy[p][h*e+c][b] v[q][h*e+c][b]. Overwrites.
  void (*mix_tokens_weight_gradient)(MixShape shape, const Real* v, const Real* dy, const std::int32_t* index, Real* dalpha);

  // Softmax attention over T keys: p[h][i][j][b] = softmax_j(q_i . k_j / sqrt(e)); y[i][h*e + c][b] = sum_j p v[j][h*e+c][b]. q, k, v, y [T][H e][B].
  void (*attention)(AttentionShape shape, const Real* q, const Real* k, const Real* v, Real* probability, Real* y);
  // Overwrites dq, dk, dv.
  void (*attention_backward)(AttentionShape shape, const Real* q, const Real* k, const Real* v, const Real* probability, const Real* dy, Real* dq,
                             Real* dk, Real* dv);

  // y[d][b] = sum_t x[t][d][b]. Overwrites.
  void (*sum_tokens)(int tokens, int width, int rows, const Real* x, Real* y);
  // y[t][d][b] (+)= x[d][b].
  void (*broadcast_tokens)(int tokens, int width, int rows, const Real* x, Real* y, Write write);
  // y += x, n values.
  void (*add)(std::int64_t n, const Real* x, Real* y);
  // y (+)= x z, n values. y may alias x.
  void (*multiply)(std::int64_t n, const Real* x, const Real* z, Real* y, Write write);

  // re_out[b] + i im_out[b] (+)= sum_{j<width} log_cosh(re[j][b] + i im[j][b]), in float64 whatever Real is; im may be nullptr (real argument).
  // log_cosh(u) = y + log1p(exp(-2y)) - ln 2, y = u or -u so that Re y >= 0 by sign bit; the phase is not reduced.
  void (*log_cosh_sum)(int width, int rows, const Real* re, const Real* im, double* re_out, double* im_out, Write write);
  // d log_cosh/du = tanh u = a + i b: dre = wre a + wim b, dim = -wre b + wim a (wre, wim [B] cotangents of Re and Im; wim, dim nullptr if im is).
  void (*log_cosh_backward)(int width, int rows, const Real* re, const Real* im, const Real* wre, const Real* wim, Real* dre, Real* dim);

  // re[b] + i im[b] = log(x[b] + i y[b]) in float64; y may be nullptr (a real amplitude, of either sign). psi = 0 gives re = -infinity.
  void (*log_amplitude)(int rows, const Real* x, const Real* y, double* re, double* im);
  // dx = Re c, dy = -Im c with c = conj(w) / (x + i y), w = wre + i wim: the gradient of Re(conj(w) log psi). psi = 0 gives 0. dy nullptr if y is.
  void (*log_amplitude_backward)(int rows, const Real* x, const Real* y, const Real* wre, const Real* wim, Real* dx, Real* dy);
  // Slater determinants of orbitals that differ from configuration to configuration: M[j][k] = orbitals[t_j][k][b], t_j the j-th token with spin +1
  // and k < n, the number of such tokens; n <= K, further rows and columns are those of the identity. spins [T][B] of -1/+1, orbitals [T][K][B].
  // re[b] += ln|det M|, im[b] = 0 or pi; det M = 0 adds -infinity. Float64 whatever Real is: a determinant loses digits where its orbitals are
  // nearly dependent. factors: K (K + 2) B values for the backward pass.
  void (*log_determinant)(DeterminantShape shape, const Real* spins, const Real* orbitals, double* factors, double* re, double* im);
  // dorbitals[t_j][k][b] = w[b] (M^-1)[k][j], 0 for other tokens, other k and det M = 0: the gradient of w ln|det M|. Overwrites; works in `factors`.
  void (*log_determinant_backward)(DeterminantShape shape, double* factors, const Real* w, Real* dorbitals);

  // y = x in float64, n values.
  void (*widen)(std::int64_t n, const Real* x, double* y);

  // x[n][b] = +1 if bit sites[n] of row b is set else -1, for b < valid; lanes beyond repeat row 0. configurations: rows of `words` 64-bit words.
  void (*unpack_spins)(int n, int rows, int valid, const std::uint64_t* configurations, int words, const std::int32_t* sites, Real* x);

  // x[c][b] = table[problem[b]][columns[c]] for c < n and b < valid; lanes beyond repeat row 0. table [problems][features].
  void (*select_features)(int n, int rows, int valid, const Real* table, int features, const std::int32_t* problem, const std::int32_t* columns,
                          Real* x);

  // Token embedding: x[i][d][b] = table[s][d] + position[i][d], s = bit i (0/1) given as spins[i][b] = -1/+1. table [2][D], position [T][D].
  void (*embed_tokens)(int tokens, int width, int rows, const Real* spins, const Real* table, const Real* position, Real* x);
  // dtable[s][d][b] = sum over tokens with bit s of dx. Overwrites. (The position gradient is dx itself.)
  void (*embed_tokens_backward)(int tokens, int width, int rows, const Real* spins, const Real* dx, Real* dtable);

  // The residual blocks of an encoder, forward only: all that log psi itself needs of them. The specification is the sequence of primitives that
  // stands with each; a device may keep what lies between the first read of x and its last write in its fastest memory instead of in `scratch`
  // (kernels/cuda does, where the block fits). A device that leaves one out gets it composed of the others (kernels/dispatch/residuals.h).
  // x[t] += down(gelu(up(layer_norm(x[t])))) for every token t; x [T][D][B].
  void (*mlp_residual)(MlpShape shape, MlpWeights<Real> weights, Real* x, Real* scratch);
  // Factored attention: x += out(mix_tokens(value(layer_norm(x)))).
  void (*mixing_residual)(MixShape shape, MixingWeights<Real> weights, Real* x, Real* scratch);
  // Softmax attention: x += out(attention(query, key and value of layer_norm(x))).
  void (*attention_residual)(AttentionShape shape, AttentionWeights<Real> weights, Real* x, Real* scratch);
};

// Those of a device; of the cpu device in the instruction set of this machine. NotBuilt where the device is not built.
template <class Real>
const NetworkTable<Real>& network(Device device);

// Values of `scratch` that the residual blocks take.
std::int64_t mlp_residual_scratch(MlpShape shape);
std::int64_t mixing_residual_scratch(MixShape shape);
std::int64_t attention_residual_scratch(AttentionShape shape);

}  // namespace qs::kernels

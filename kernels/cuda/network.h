// The network primitives of the CUDA device, composed of bodies and matrix products that a Queue runs one after the other. The device's queue
// (queue.cuh) launches kernels and calls cuBLAS; the one of the tests loops on the host. A Queue offers
//   for_each(n, body)                     body(k) for 0 <= k < n, in any order and at the same time
//   emit(n, valid, base, stride, source)  base[b stride + k] = source(k, b) for k < n, b < valid
//   sum_rows(n, valid, base, source)      base[k] += sum_{b < valid} source(k, b)
//   running_sums(n, values)               values[k] = sum_{j <= k} values[j], integers
//   multiply(product)                     see products.h
//   for_each_team(body)                   body(team) for each of body.teams() teams (bodies/team.h)
//   team_memory()                         bytes that a team can have
//   temporary<T>(count)                   memory with data(), valid until what was queued before its end has run
#pragma once

#include "kernels/cuda/bodies/attention.h"
#include "kernels/cuda/bodies/attention_residual.h"
#include "kernels/cuda/bodies/determinant.h"
#include "kernels/cuda/bodies/functions.h"
#include "kernels/cuda/bodies/gradient.h"
#include "kernels/cuda/bodies/layer_norm.h"
#include "kernels/cuda/bodies/log_cosh_sum.h"
#include "kernels/cuda/bodies/mixing_residual.h"
#include "kernels/cuda/bodies/mlp_residual.h"
#include "kernels/cuda/bodies/tokens.h"
#include "kernels/cuda/products.h"
#include "kernels/dispatch/residuals.h"

namespace qs::kernels::cuda {

template <class Real, class Queue>
struct Network {
  // Y_t [B, out] = X_t [B, in] W [in, out] for every token t, all column-major but W, which is stored by rows.
  static void dense(DenseShape s, const Real* x, const Real* w, const Real* bias, Real* y, Write write) {
    Queue queue;
    const std::int64_t rows = s.rows, in = s.in, out = s.out;
    queue.multiply(Product<Real>{Transpose::no, Transpose::yes, rows, out, in, 1, x, rows, in * rows, w, out, 0,
                                 write == Write::accumulate ? Real(1) : Real(0), y, rows, out * rows, s.tokens});
    if (bias != nullptr) queue.for_each(s.tokens * out * rows, AddBias<Real>{s.out, s.rows, bias, y});
  }

  static void dense_weight_gradient(DenseShape s, const Real* x, const Real* dy, GradientTarget<Real> dw, GradientTarget<Real> dbias) {
    Queue queue;
    if (dw.row_stride == 0) {
      sum_kernel_gradient(queue, s, x, dy, dw);
    } else {
      queue.emit(std::int64_t{s.in} * s.out, dw.valid, dw.base, dw.row_stride, KernelGradient<Real>{s, x, dy});
    }
    if (dbias.base != nullptr) deliver(queue, s.out, dbias, BiasGradient<Real>{s, dy});
  }

  static void emit_gradient(int n, int rows, const Real* g, GradientTarget<Real> target) {
    Queue queue;
    deliver(queue, n, target, LaneGradient<Real>{rows, g});
  }

  static void layer_norm(int tokens, int width, int rows, const Real* x, const Real* scale, const Real* bias, Real* y, Real* normalised, Real* rstd) {
    Queue().for_each(std::int64_t{tokens} * rows, LayerNormToken<Real>{width, rows, x, scale, bias, y, normalised, rstd});
  }
  static void layer_norm_backward(int tokens, int width, int rows, const Real* dy, const Real* scale, const Real* normalised, const Real* rstd,
                                  Real* dx, Write write, Real* dscale, Real* dbias) {
    Queue queue;
    queue.for_each(std::int64_t{tokens} * rows, LayerNormInputGradient<Real>{width, rows, dy, scale, normalised, rstd, dx, write});
    queue.for_each(std::int64_t{width} * rows, LayerNormParameterGradient<Real>{tokens, width, rows, dy, normalised, dscale, dbias});
  }

  static void gelu(std::int64_t n, const Real* x, Real* y) { Queue().for_each(n, Gelu<Real>{x, y}); }
  static void gelu_backward(std::int64_t n, const Real* x, const Real* dy, Real* dx) { Queue().for_each(n, GeluBackward<Real>{x, dy, dx}); }

  static void mix_tokens(MixShape s, const Real* v, const Real* alpha, const std::int32_t* index, Real* y) {
    Queue().for_each(std::int64_t{s.tokens} * s.heads * s.head_width * s.rows, MixTokens<Real>{s, v, alpha, index, y});
  }
  static void mix_tokens_weight_gradient(MixShape s, const Real* v, const Real* dy, const std::int32_t* index, Real* dalpha) {
    Queue queue;
    auto start = queue.template temporary<std::int32_t>(std::int64_t{s.n_alpha} + 1);
    auto order = queue.template temporary<std::int32_t>(std::int64_t{s.tokens} * s.tokens);
    queue.for_each(s.n_alpha, PairsOfParameter{s.tokens, s.n_alpha, index, start.data(), order.data()});
    queue.for_each(std::int64_t{s.heads} * s.n_alpha * s.rows, MixWeightGradient<Real>{s, v, dy, start.data(), order.data(), dalpha});
  }

  static void attention(AttentionShape s, const Real* q, const Real* k, const Real* v, Real* probability, Real* y) {
    Queue queue;
    queue.for_each(std::int64_t{s.heads} * s.tokens * s.rows, AttentionProbability<Real>{s, q, k, probability});
    queue.for_each(std::int64_t{s.tokens} * s.heads * s.head_width * s.rows, AttentionMix<Real>{s, v, probability, y});
  }
  static void attention_backward(AttentionShape s, const Real* q, const Real* k, const Real* v, const Real* probability, const Real* dy, Real* dq,
                                 Real* dk, Real* dv) {
    Queue queue;
    auto dscore = queue.template temporary<Real>(std::int64_t{s.heads} * s.tokens * s.tokens * s.rows);
    queue.for_each(std::int64_t{s.heads} * s.tokens * s.rows, AttentionScoreGradient<Real>{s, v, probability, dy, dscore.data()});
    queue.for_each(std::int64_t{s.tokens} * s.heads * s.head_width * s.rows,
                   AttentionInputGradient<Real>{s, q, k, probability, dy, dscore.data(), dq, dk, dv});
  }

  static void sum_tokens(int tokens, int width, int rows, const Real* x, Real* y) {
    const std::int64_t plane = std::int64_t{width} * rows;
    Queue().for_each(plane, SumPlanes<Real>{tokens, plane, x, y, Write::overwrite});
  }
  static void broadcast_tokens(int tokens, int width, int rows, const Real* x, Real* y, Write write) {
    const std::int64_t plane = std::int64_t{width} * rows;
    Queue().for_each(tokens * plane, BroadcastPlane<Real>{plane, x, y, write});
  }
  static void add(std::int64_t n, const Real* x, Real* y) { Queue().for_each(n, Add<Real>{x, y}); }
  static void multiply(std::int64_t n, const Real* x, const Real* z, Real* y, Write write) { Queue().for_each(n, Multiply<Real>{x, z, y, write}); }

  static void log_cosh_sum(int width, int rows, const Real* re, const Real* im, double* re_out, double* im_out, Write write) {
    if (rows > 0) Queue().for_each_team(LogCoshSum<Real>{width, rows, re, im, re_out, im_out, write});
  }
  static void log_cosh_backward(int width, int rows, const Real* re, const Real* im, const Real* wre, const Real* wim, Real* dre, Real* dim) {
    Queue().for_each(std::int64_t{width} * rows, LogCoshBackward<Real>{rows, re, im, wre, wim, dre, dim});
  }
  static void log_amplitude(int rows, const Real* x, const Real* y, double* re, double* im) {
    Queue().for_each(rows, LogAmplitude<Real>{x, y, re, im});
  }
  static void log_amplitude_backward(int rows, const Real* x, const Real* y, const Real* wre, const Real* wim, Real* dx, Real* dy) {
    Queue().for_each(rows, LogAmplitudeBackward<Real>{x, y, wre, wim, dx, dy});
  }
  static void log_determinant(DeterminantShape s, const Real* spins, const Real* orbitals, double* factors, double* re, double* im) {
    Queue().for_each(s.rows, LogDeterminant<Real>{{s.orbitals, s.rows, factors}, s.tokens, spins, orbitals, re, im});
  }
  static void log_determinant_backward(DeterminantShape s, double* factors, const Real* w, Real* dorbitals) {
    Queue().for_each(s.rows, LogDeterminantBackward<Real>{{s.orbitals, s.rows, factors}, s.tokens, w, dorbitals});
  }
  static void widen(std::int64_t n, const Real* x, double* y) { Queue().for_each(n, Widen<Real>{x, y}); }

  static void unpack_spins(int n, int rows, int valid, const std::uint64_t* configurations, int words, const std::int32_t* sites, Real* x) {
    Queue().for_each(std::int64_t{n} * rows, UnpackSpins<Real>{rows, valid, words, configurations, sites, x});
  }
  static void select_features(int n, int rows, int valid, const Real* table, int features, const std::int32_t* problem, const std::int32_t* columns,
                              Real* x) {
    Queue().for_each(std::int64_t{n} * rows, SelectFeatures<Real>{rows, valid, features, table, problem, columns, x});
  }
  static void embed_tokens(int tokens, int width, int rows, const Real* spins, const Real* table, const Real* position, Real* x) {
    Queue().for_each(std::int64_t{tokens} * width * rows, EmbedTokens<Real>{width, rows, spins, table, position, x});
  }
  static void embed_tokens_backward(int tokens, int width, int rows, const Real* spins, const Real* dx, Real* dtable) {
    Queue().for_each(2 * std::int64_t{width} * rows, EmbedTokensBackward<Real>{tokens, width, rows, spins, dx, dtable});
  }

  static void mlp_residual(MlpShape s, MlpWeights<Real> w, Real* x, Real* scratch) {
    const bool ran = ran_as_teams(MlpOfTiles<Real, 16>{s, w, x}) || ran_as_teams(MlpOfTiles<Real, 32>{s, w, x}) ||
                     ran_as_teams(MlpOfTiles<Real, most_team_tiles>{s, w, x});
    if (!ran) compose_mlp_residual(table(), s, w, x, scratch);
  }
  static void mixing_residual(MixShape s, MixingWeights<Real> w, Real* x, Real* scratch) {
    if (!ran_as_teams(MixingResidual<Real>{s, w, x})) compose_mixing_residual(table(), s, w, x, scratch);
  }
  static void attention_residual(AttentionShape s, AttentionWeights<Real> w, Real* x, Real* scratch) {
    if (!ran_as_teams(AttentionResidual<Real>{s, w, x, scratch})) compose_attention_residual(table(), s, w, x, scratch);
  }

  static NetworkTable<Real> table() {
    NetworkTable<Real> t{};
    t.dense = dense;
    t.dense_weight_gradient = dense_weight_gradient;
    t.emit_gradient = emit_gradient;
    t.layer_norm = layer_norm;
    t.layer_norm_backward = layer_norm_backward;
    t.gelu = gelu;
    t.gelu_backward = gelu_backward;
    t.mix_tokens = mix_tokens;
    t.mix_tokens_weight_gradient = mix_tokens_weight_gradient;
    t.attention = attention;
    t.attention_backward = attention_backward;
    t.sum_tokens = sum_tokens;
    t.broadcast_tokens = broadcast_tokens;
    t.add = add;
    t.multiply = multiply;
    t.log_cosh_sum = log_cosh_sum;
    t.log_cosh_backward = log_cosh_backward;
    t.log_amplitude = log_amplitude;
    t.log_amplitude_backward = log_amplitude_backward;
    t.log_determinant = log_determinant;
    t.log_determinant_backward = log_determinant_backward;
    t.widen = widen;
    t.unpack_spins = unpack_spins;
    t.select_features = select_features;
    t.embed_tokens = embed_tokens;
    t.embed_tokens_backward = embed_tokens_backward;
    t.mlp_residual = mlp_residual;
    t.mixing_residual = mixing_residual;
    t.attention_residual = attention_residual;
    return t;
  }

 private:
  // False, and nothing is done, where a team would need more than the device has.
  template <class Body>
  static bool ran_as_teams(const Body& body) {
    Queue queue;
    if (!body.fits_registers() || body.memory_values() * std::int64_t{sizeof(Real)} > queue.team_memory()) return false;
    queue.for_each_team(body);
    return true;
  }

  template <class Source>
  static void deliver(Queue& queue, std::int64_t n, GradientTarget<Real> target, const Source& source) {
    if (target.row_stride == 0) {
      queue.sum_rows(n, target.valid, target.base, source);
    } else {
      queue.emit(n, target.valid, target.base, target.row_stride, source);
    }
  }

  // dW [in, out] += sum_t X_t^T dY_t: as dW^T = dY_t^T X_t, one product per token side by side (a single one would fill a fraction of the device),
  // then the sum over tokens.
  static void sum_kernel_gradient(Queue& queue, DenseShape s, const Real* x, const Real* dy, GradientTarget<Real> dw) {
    if (dw.valid == 0) return;
    const std::int64_t rows = s.rows, in = s.in, out = s.out, size = in * out;
    Product<Real> product{Transpose::yes, Transpose::no, out, in, dw.valid, 1, dy, rows, out * rows, x, rows, in * rows, 1, dw.base, out, size, 1};
    if (s.tokens == 1) return queue.multiply(product);
    auto terms = queue.template temporary<Real>(s.tokens * size);
    product.beta = 0;
    product.c = terms.data();
    product.count = s.tokens;
    queue.multiply(product);
    queue.for_each(size, SumPlanes<Real>{s.tokens, size, terms.data(), dw.base, Write::accumulate});
  }
};

}  // namespace qs::kernels::cuda

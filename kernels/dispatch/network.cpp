// The public primitives: pick the device's table, call its slot.
#include "kernels/api/network.h"

#include "kernels/dispatch/instruction_set.h"
#include "kernels/dispatch/network_table.h"
#include "kernels/dispatch/residuals.h"

namespace qs::kernels {
namespace {

template <class Real>
const NetworkTable<Real>& cpu_table() {
  switch (active_instruction_set()) {
    case InstructionSet::avx512:
      return avx512::network_table<Real>();
    case InstructionSet::avx2:
      return avx2::network_table<Real>();
    case InstructionSet::baseline:
      return baseline::network_table<Real>();
  }
  return baseline::network_table<Real>();
}

template <class Real>
const NetworkTable<Real>& on(Device device) {
  switch (device) {
    case Device::reference:
      return reference::network_table<Real>();
    case Device::cpu:
      return cpu_table<Real>();
    case Device::cuda:
      return cuda::network_table<Real>();
  }
  return reference::network_table<Real>();
}

}  // namespace

template <class Real>
void dense(Device device, DenseShape shape, const Real* x, const Real* w, const Real* bias, Real* y, Write write) {
  on<Real>(device).dense(shape, x, w, bias, y, write);
}

template <class Real>
void dense_weight_gradient(Device device, DenseShape shape, const Real* x, const Real* dy, GradientTarget<Real> dw, GradientTarget<Real> dbias) {
  on<Real>(device).dense_weight_gradient(shape, x, dy, dw, dbias);
}

template <class Real>
void emit_gradient(Device device, int n, int rows, const Real* g, GradientTarget<Real> target) {
  on<Real>(device).emit_gradient(n, rows, g, target);
}

template <class Real>
void layer_norm(Device device, int tokens, int width, int rows, const Real* x, const Real* scale, const Real* bias, Real* y, Real* normalised,
                Real* rstd) {
  on<Real>(device).layer_norm(tokens, width, rows, x, scale, bias, y, normalised, rstd);
}

template <class Real>
void layer_norm_backward(Device device, int tokens, int width, int rows, const Real* dy, const Real* scale, const Real* normalised, const Real* rstd,
                         Real* dx, Write write, Real* dscale, Real* dbias) {
  on<Real>(device).layer_norm_backward(tokens, width, rows, dy, scale, normalised, rstd, dx, write, dscale, dbias);
}

template <class Real>
void gelu(Device device, std::int64_t n, const Real* x, Real* y) {
  on<Real>(device).gelu(n, x, y);
}

template <class Real>
void gelu_backward(Device device, std::int64_t n, const Real* x, const Real* dy, Real* dx) {
  on<Real>(device).gelu_backward(n, x, dy, dx);
}

template <class Real>
void mix_tokens(Device device, MixShape shape, const Real* v, const Real* alpha, const std::int32_t* index, Real* y) {
  on<Real>(device).mix_tokens(shape, v, alpha, index, y);
}

template <class Real>
void mix_tokens_weight_gradient(Device device, MixShape shape, const Real* v, const Real* dy, const std::int32_t* index, Real* dalpha) {
  on<Real>(device).mix_tokens_weight_gradient(shape, v, dy, index, dalpha);
}

template <class Real>
void attention(Device device, AttentionShape shape, const Real* q, const Real* k, const Real* v, Real* probability, Real* y) {
  on<Real>(device).attention(shape, q, k, v, probability, y);
}

template <class Real>
void attention_backward(Device device, AttentionShape shape, const Real* q, const Real* k, const Real* v, const Real* probability, const Real* dy,
                        Real* dq, Real* dk, Real* dv) {
  on<Real>(device).attention_backward(shape, q, k, v, probability, dy, dq, dk, dv);
}

template <class Real>
void sum_tokens(Device device, int tokens, int width, int rows, const Real* x, Real* y) {
  on<Real>(device).sum_tokens(tokens, width, rows, x, y);
}

template <class Real>
void broadcast_tokens(Device device, int tokens, int width, int rows, const Real* x, Real* y, Write write) {
  on<Real>(device).broadcast_tokens(tokens, width, rows, x, y, write);
}

template <class Real>
void add(Device device, std::int64_t n, const Real* x, Real* y) {
  on<Real>(device).add(n, x, y);
}

template <class Real>
void multiply(Device device, std::int64_t n, const Real* x, const Real* z, Real* y, Write write) {
  on<Real>(device).multiply(n, x, z, y, write);
}

template <class Real>
void log_cosh_sum(Device device, int width, int rows, const Real* re, const Real* im, double* re_out, double* im_out, Write write) {
  on<Real>(device).log_cosh_sum(width, rows, re, im, re_out, im_out, write);
}

template <class Real>
void log_cosh_backward(Device device, int width, int rows, const Real* re, const Real* im, const Real* wre, const Real* wim, Real* dre, Real* dim) {
  on<Real>(device).log_cosh_backward(width, rows, re, im, wre, wim, dre, dim);
}

template <class Real>
void log_amplitude(Device device, int rows, const Real* x, const Real* y, double* re, double* im) {
  on<Real>(device).log_amplitude(rows, x, y, re, im);
}

template <class Real>
void log_amplitude_backward(Device device, int rows, const Real* x, const Real* y, const Real* wre, const Real* wim, Real* dx, Real* dy) {
  on<Real>(device).log_amplitude_backward(rows, x, y, wre, wim, dx, dy);
}

template <class Real>
void log_determinant(Device device, DeterminantShape shape, const Real* spins, const Real* orbitals, double* factors, double* re, double* im) {
  on<Real>(device).log_determinant(shape, spins, orbitals, factors, re, im);
}

template <class Real>
void log_determinant_backward(Device device, DeterminantShape shape, double* factors, const Real* w, Real* dorbitals) {
  on<Real>(device).log_determinant_backward(shape, factors, w, dorbitals);
}

template <class Real>
void widen(Device device, std::int64_t n, const Real* x, double* y) {
  on<Real>(device).widen(n, x, y);
}

template <class Real>
void unpack_spins(Device device, int n, int rows, int valid, const std::uint64_t* configurations, int words, const std::int32_t* sites, Real* x) {
  on<Real>(device).unpack_spins(n, rows, valid, configurations, words, sites, x);
}

template <class Real>
void select_features(Device device, int n, int rows, int valid, const Real* table, int features, const std::int32_t* problem,
                     const std::int32_t* columns, Real* x) {
  on<Real>(device).select_features(n, rows, valid, table, features, problem, columns, x);
}

template <class Real>
void embed_tokens(Device device, int tokens, int width, int rows, const Real* spins, const Real* table, const Real* position, Real* x) {
  on<Real>(device).embed_tokens(tokens, width, rows, spins, table, position, x);
}

template <class Real>
void embed_tokens_backward(Device device, int tokens, int width, int rows, const Real* spins, const Real* dx, Real* dtable) {
  on<Real>(device).embed_tokens_backward(tokens, width, rows, spins, dx, dtable);
}

template <class Real>
void mlp_residual(Device device, MlpShape shape, MlpWeights<Real> weights, Real* x, Real* scratch) {
  const NetworkTable<Real>& table = on<Real>(device);
  if (table.mlp_residual == nullptr) return compose_mlp_residual(table, shape, weights, x, scratch);
  table.mlp_residual(shape, weights, x, scratch);
}

template <class Real>
void mixing_residual(Device device, MixShape shape, MixingWeights<Real> weights, Real* x, Real* scratch) {
  const NetworkTable<Real>& table = on<Real>(device);
  if (table.mixing_residual == nullptr) return compose_mixing_residual(table, shape, weights, x, scratch);
  table.mixing_residual(shape, weights, x, scratch);
}

template <class Real>
void attention_residual(Device device, AttentionShape shape, AttentionWeights<Real> weights, Real* x, Real* scratch) {
  const NetworkTable<Real>& table = on<Real>(device);
  if (table.attention_residual == nullptr) return compose_attention_residual(table, shape, weights, x, scratch);
  table.attention_residual(shape, weights, x, scratch);
}

std::int64_t mlp_residual_scratch(MlpShape s) { return std::int64_t{s.tokens} * s.rows * (2 * s.width + 1 + s.hidden); }
std::int64_t mixing_residual_scratch(MixShape s) { return std::int64_t{s.tokens} * s.rows * (2 * s.heads * s.head_width + 1); }
std::int64_t attention_residual_scratch(AttentionShape s) { return std::int64_t{s.tokens} * s.rows * s.heads * (4 * s.head_width + s.tokens); }

template decltype(dense<float>) dense<float>;
template decltype(dense_weight_gradient<float>) dense_weight_gradient<float>;
template decltype(emit_gradient<float>) emit_gradient<float>;
template decltype(layer_norm<float>) layer_norm<float>;
template decltype(layer_norm_backward<float>) layer_norm_backward<float>;
template decltype(gelu<float>) gelu<float>;
template decltype(gelu_backward<float>) gelu_backward<float>;
template decltype(mix_tokens<float>) mix_tokens<float>;
template decltype(mix_tokens_weight_gradient<float>) mix_tokens_weight_gradient<float>;
template decltype(attention<float>) attention<float>;
template decltype(attention_backward<float>) attention_backward<float>;
template decltype(sum_tokens<float>) sum_tokens<float>;
template decltype(broadcast_tokens<float>) broadcast_tokens<float>;
template decltype(add<float>) add<float>;
template decltype(multiply<float>) multiply<float>;
template decltype(log_cosh_sum<float>) log_cosh_sum<float>;
template decltype(log_cosh_backward<float>) log_cosh_backward<float>;
template decltype(log_amplitude<float>) log_amplitude<float>;
template decltype(log_amplitude_backward<float>) log_amplitude_backward<float>;
template decltype(log_determinant<float>) log_determinant<float>;
template decltype(log_determinant_backward<float>) log_determinant_backward<float>;
template decltype(widen<float>) widen<float>;
template decltype(unpack_spins<float>) unpack_spins<float>;
template decltype(select_features<float>) select_features<float>;
template decltype(embed_tokens<float>) embed_tokens<float>;
template decltype(embed_tokens_backward<float>) embed_tokens_backward<float>;
template decltype(mlp_residual<float>) mlp_residual<float>;
template decltype(mixing_residual<float>) mixing_residual<float>;
template decltype(attention_residual<float>) attention_residual<float>;

template decltype(dense<double>) dense<double>;
template decltype(dense_weight_gradient<double>) dense_weight_gradient<double>;
template decltype(emit_gradient<double>) emit_gradient<double>;
template decltype(layer_norm<double>) layer_norm<double>;
template decltype(layer_norm_backward<double>) layer_norm_backward<double>;
template decltype(gelu<double>) gelu<double>;
template decltype(gelu_backward<double>) gelu_backward<double>;
template decltype(mix_tokens<double>) mix_tokens<double>;
template decltype(mix_tokens_weight_gradient<double>) mix_tokens_weight_gradient<double>;
template decltype(attention<double>) attention<double>;
template decltype(attention_backward<double>) attention_backward<double>;
template decltype(sum_tokens<double>) sum_tokens<double>;
template decltype(broadcast_tokens<double>) broadcast_tokens<double>;
template decltype(add<double>) add<double>;
template decltype(multiply<double>) multiply<double>;
template decltype(log_cosh_sum<double>) log_cosh_sum<double>;
template decltype(log_cosh_backward<double>) log_cosh_backward<double>;
template decltype(log_amplitude<double>) log_amplitude<double>;
template decltype(log_amplitude_backward<double>) log_amplitude_backward<double>;
template decltype(log_determinant<double>) log_determinant<double>;
template decltype(log_determinant_backward<double>) log_determinant_backward<double>;
template decltype(widen<double>) widen<double>;
template decltype(unpack_spins<double>) unpack_spins<double>;
template decltype(select_features<double>) select_features<double>;
template decltype(embed_tokens<double>) embed_tokens<double>;
template decltype(embed_tokens_backward<double>) embed_tokens_backward<double>;
template decltype(mlp_residual<double>) mlp_residual<double>;
template decltype(mixing_residual<double>) mixing_residual<double>;
template decltype(attention_residual<double>) attention_residual<double>;

}  // namespace qs::kernels

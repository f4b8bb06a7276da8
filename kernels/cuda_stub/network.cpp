// Stands in for kernels/cuda where the program was built without it: every primitive throws by name.
#include "engine/base/error.h"
#include "kernels/dispatch/network_table.h"

namespace qs::kernels::cuda {
namespace {

template <class... Arguments>
void absent(Arguments...) {
  throw NotBuilt("cuda");
}

template <class Real>
NetworkTable<Real> build() {
  NetworkTable<Real> table{};
  table.dense = absent;
  table.dense_weight_gradient = absent;
  table.emit_gradient = absent;
  table.layer_norm = absent;
  table.layer_norm_backward = absent;
  table.gelu = absent;
  table.gelu_backward = absent;
  table.mix_tokens = absent;
  table.mix_tokens_weight_gradient = absent;
  table.attention = absent;
  table.attention_backward = absent;
  table.sum_tokens = absent;
  table.broadcast_tokens = absent;
  table.add = absent;
  table.multiply = absent;
  table.log_cosh_sum = absent;
  table.log_cosh_backward = absent;
  table.log_amplitude = absent;
  table.log_amplitude_backward = absent;
  table.log_determinant = absent;
  table.log_determinant_backward = absent;
  table.widen = absent;
  table.unpack_spins = absent;
  table.select_features = absent;
  table.embed_tokens = absent;
  table.embed_tokens_backward = absent;
  return table;
}

}  // namespace

template <class Real>
const NetworkTable<Real>& network_table() {
  static const NetworkTable<Real> table = build<Real>();
  return table;
}

template const NetworkTable<float>& network_table<float>();
template const NetworkTable<double>& network_table<double>();

}  // namespace qs::kernels::cuda

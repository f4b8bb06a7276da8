#include "kernels/cpu/network.h"

namespace qs::kernels::QS_ISA {
namespace {

template <class Real>
NetworkTable<Real> build() {
  NetworkTable<Real> table{};
  install_dense(table);
  install_dense_weight_gradient(table);
  install_layer_norm(table);
  install_gelu(table);
  install_mix_tokens(table);
  install_attention(table);
  install_tokens(table);
  install_log_cosh(table);
  install_determinant(table);
  // A few operations per configuration: the plain loops.
  const NetworkTable<Real>& plain = reference::network_table<Real>();
  table.log_amplitude = plain.log_amplitude;
  table.log_amplitude_backward = plain.log_amplitude_backward;
  table.widen = plain.widen;
  table.select_features = plain.select_features;
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

}  // namespace qs::kernels::QS_ISA

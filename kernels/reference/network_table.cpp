#include "kernels/dispatch/network_table.h"

#include "kernels/reference/network.h"

namespace qs::kernels::reference {
namespace {

template <class Real>
NetworkTable<Real> build() {
  NetworkTable<Real> table{};
  install_dense(table);
  install_layer_norm(table);
  install_gelu(table);
  install_mix_tokens(table);
  install_attention(table);
  install_tokens(table);
  install_log_cosh(table);
  install_amplitude(table);
  install_determinant(table);
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

}  // namespace qs::kernels::reference

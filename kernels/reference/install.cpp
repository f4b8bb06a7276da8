#include "kernels/reference/install.h"

namespace qs::kernels::reference {
namespace {

template <class Real>
void install_in_precision(RealTables<Real>& tables) {
  install_dense<Real>(tables);
  install_layer_norm<Real>(tables);
  install_gelu<Real>(tables);
  install_mix_tokens<Real>(tables);
  install_attention<Real>(tables);
  install_tokens<Real>(tables);
  install_log_cosh<Real>(tables);
  install_amplitude<Real>(tables);
  install_determinant<Real>(tables);
  install_rows<Real>(tables);
  install_matrices<Real>(tables);
}

}  // namespace

void install(Tables& tables) {
  install_in_precision<float>(tables);
  install_in_precision<double>(tables);
  install_symmetric(tables);
  install_chains(tables);
  install_connected(tables);
  install_memory(tables);
}

}  // namespace qs::kernels::reference

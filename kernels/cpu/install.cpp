#include "kernels/cpu/install.h"

namespace qs::kernels::QS_ISA {

template <class Real>
void install(RealTables<Real>& tables) {
  install_dense<Real>(tables);
  install_dense_weight_gradient<Real>(tables);
  install_layer_norm<Real>(tables);
  install_gelu<Real>(tables);
  install_mix_tokens<Real>(tables);
  install_attention<Real>(tables);
  install_tokens<Real>(tables);
  install_log_cosh<Real>(tables);
  install_determinant<Real>(tables);
  install_gram<Real>(tables);
  install_multiply_adds<Real>(tables);
}
template void install(RealTables<float>&);
template void install(RealTables<double>&);

}  // namespace qs::kernels::QS_ISA

// One table of network primitives per device and instruction set. The slots take their types from kernels/api/network.h, so a definition
// whose signature drifts from its declaration does not compile.
#pragma once

#include "kernels/api/network.h"
#include "kernels/api/residuals.h"

namespace qs::kernels {

namespace detail {
template <class Function>
struct WithoutDevice;
template <class... Arguments>
struct WithoutDevice<void (*)(Device, Arguments...)> {
  using type = void (*)(Arguments...);
};
}  // namespace detail

template <class Real>
struct NetworkTable {
  template <class Function>
  using Slot = typename detail::WithoutDevice<Function>::type;

  Slot<decltype(&kernels::dense<Real>)> dense;
  Slot<decltype(&kernels::dense_weight_gradient<Real>)> dense_weight_gradient;
  Slot<decltype(&kernels::emit_gradient<Real>)> emit_gradient;
  Slot<decltype(&kernels::layer_norm<Real>)> layer_norm;
  Slot<decltype(&kernels::layer_norm_backward<Real>)> layer_norm_backward;
  Slot<decltype(&kernels::gelu<Real>)> gelu;
  Slot<decltype(&kernels::gelu_backward<Real>)> gelu_backward;
  Slot<decltype(&kernels::mix_tokens<Real>)> mix_tokens;
  Slot<decltype(&kernels::mix_tokens_weight_gradient<Real>)> mix_tokens_weight_gradient;
  Slot<decltype(&kernels::attention<Real>)> attention;
  Slot<decltype(&kernels::attention_backward<Real>)> attention_backward;
  Slot<decltype(&kernels::sum_tokens<Real>)> sum_tokens;
  Slot<decltype(&kernels::broadcast_tokens<Real>)> broadcast_tokens;
  Slot<decltype(&kernels::add<Real>)> add;
  Slot<decltype(&kernels::multiply<Real>)> multiply;
  Slot<decltype(&kernels::log_cosh_sum<Real>)> log_cosh_sum;
  Slot<decltype(&kernels::log_cosh_backward<Real>)> log_cosh_backward;
  Slot<decltype(&kernels::log_amplitude<Real>)> log_amplitude;
  Slot<decltype(&kernels::log_amplitude_backward<Real>)> log_amplitude_backward;
  Slot<decltype(&kernels::log_determinant<Real>)> log_determinant;
  Slot<decltype(&kernels::log_determinant_backward<Real>)> log_determinant_backward;
  Slot<decltype(&kernels::widen<Real>)> widen;
  Slot<decltype(&kernels::unpack_spins<Real>)> unpack_spins;
  Slot<decltype(&kernels::select_features<Real>)> select_features;
  Slot<decltype(&kernels::embed_tokens<Real>)> embed_tokens;
  Slot<decltype(&kernels::embed_tokens_backward<Real>)> embed_tokens_backward;

  // nullptr: composed of the slots above (kernels/dispatch/residuals.h).
  Slot<decltype(&kernels::mlp_residual<Real>)> mlp_residual;
  Slot<decltype(&kernels::mixing_residual<Real>)> mixing_residual;
  Slot<decltype(&kernels::attention_residual<Real>)> attention_residual;
};

// Each device fills its table once. The cpu namespaces hold the same sources compiled for three instruction sets.
namespace reference {
template <class Real>
const NetworkTable<Real>& network_table();
}
namespace baseline {
template <class Real>
const NetworkTable<Real>& network_table();
}
namespace avx2 {
template <class Real>
const NetworkTable<Real>& network_table();
}
namespace avx512 {
template <class Real>
const NetworkTable<Real>& network_table();
}
namespace cuda {
template <class Real>
const NetworkTable<Real>& network_table();
}

}  // namespace qs::kernels

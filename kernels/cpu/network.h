// The cpu device in the instruction set of this translation unit. Each file puts its primitives into the table.
#pragma once

#include "kernels/cpu/simd.h"
#include "kernels/dispatch/network_table.h"

namespace qs::kernels::QS_ISA {

template <class Real>
void install_dense(NetworkTable<Real>& table);
template <class Real>
void install_dense_weight_gradient(NetworkTable<Real>& table);
template <class Real>
void install_layer_norm(NetworkTable<Real>& table);
template <class Real>
void install_gelu(NetworkTable<Real>& table);
template <class Real>
void install_mix_tokens(NetworkTable<Real>& table);
template <class Real>
void install_attention(NetworkTable<Real>& table);
template <class Real>
void install_tokens(NetworkTable<Real>& table);
template <class Real>
void install_log_cosh(NetworkTable<Real>& table);
template <class Real>
void install_determinant(NetworkTable<Real>& table);

}  // namespace qs::kernels::QS_ISA

// The cpu device in the instruction set of this translation unit. Each file puts its primitives into their table; what takes a few operations per
// configuration, or is bound by memory, is left to the plain loops of reference.
#pragma once

#include "kernels/cpu/simd.h"
#include "kernels/dispatch/real_tables.h"

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
template <class Real>
void install_gram(MatrixTable<Real>& table);
template <class Real>
void install_multiply_adds(RealTables<Real>& tables);

}  // namespace qs::kernels::QS_ISA

// The reference device: plain loops over (token, feature, row), one accumulator each, no blocking. These files are the specification.
#pragma once

#include <cstdint>

#include "kernels/dispatch/tables.h"

namespace qs::kernels::reference {

// Element [t][d][b] of an activation with D features and B rows.
inline std::int64_t at(int t, int d, int b, int D, int B) { return (static_cast<std::int64_t>(t) * D + d) * B + b; }

// Each file puts its primitives into their table.
template <class Real>
void install_dense(NetworkTable<Real>& table);
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
void install_amplitude(NetworkTable<Real>& table);
template <class Real>
void install_determinant(NetworkTable<Real>& table);
template <class Real>
void install_rows(RowTable<Real>& table);
template <class Real>
void install_matrices(MatrixTable<Real>& table);
void install_symmetric(SymmetricTable& table);
void install_chains(ChainTable& table);
void install_connected(ConnectedTable& table);
void install_memory(Tables& tables);

}  // namespace qs::kernels::reference

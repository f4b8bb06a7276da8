#include "kernels/cpu/install.h"
#include "kernels/cpu/products.h"

namespace qs::kernels::QS_ISA {
namespace {

// Two registers of 32 bytes are a line of the cache. Taken together, x is read as it lies, where blocks over tokens would copy every other register
// first; one weight then serves two products instead of three (log psi of the ViT of width 60 becomes 6 % faster, AVX2, float64).
inline bool line_by_line(int groups) { return vector_registers == 16 && groups == 2; }

// y[t][o][b] (+)= sum_i x[t][i][b] w[i][o] + bias[o]. Blocks span tokens x outputs of one lane group, or, for fewer tokens than lane groups
// (heads: one token), lane groups x outputs of one token: either way a weight that was loaded serves several products.
template <class Real>
void dense(DenseShape s, const Real* x, const Real* w, const Real* bias, Real* y, Write write) {
  constexpr int L = lanes<Real>;
  const int groups = s.rows / L;
  const std::int64_t x_token = static_cast<std::int64_t>(s.in) * s.rows, y_token = static_cast<std::int64_t>(s.out) * s.rows;
  BroadcastProduct<Real> product{s.tokens, s.out, s.in, x, x_token, s.rows, w, s.out, bias, y, y_token, s.rows, write};
  if (s.tokens >= groups && !line_by_line(groups)) {
    for (int g = 0; g < groups; ++g) {
      product.x = x + g * L;
      product.y = y + g * L;
      run(product);
    }
    return;
  }
  product.M = groups;
  product.x_m = product.y_m = L;
  for (int t = 0; t < s.tokens; ++t) {
    product.x = x + t * x_token;
    product.y = y + t * y_token;
    run(product);
  }
}

}  // namespace

template <class Real>
void install_dense(NetworkTable<Real>& table) {
  table.dense = dense<Real>;
}
template void install_dense(NetworkTable<float>&);
template void install_dense(NetworkTable<double>&);

}  // namespace qs::kernels::QS_ISA

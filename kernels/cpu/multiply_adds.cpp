// Nothing but multiply-adds on registers: what every other kernel is measured against.
#include "kernels/cpu/install.h"

namespace qs::kernels::QS_ISA {
namespace {

// 12 independent sums cover the latency of two multiply-add units.
template <class Real>
double multiply_adds(std::int64_t steps) {
  constexpr int chains = 12;
  Vec<Real> sum[chains];
#pragma GCC unroll 12
  for (int k = 0; k < chains; ++k) {
    sum[k] = Vec<Real>{};
    asm volatile("" : "+v"(sum[k]));  // else equal sums would be computed once
  }
  Vec<Real> a = splat(Real(0.5)), b = splat(Real(0.25));
  for (std::int64_t s = 0; s < steps; ++s) {
    asm volatile("" : "+v"(a), "+v"(b));
#pragma GCC unroll 12
    for (int k = 0; k < chains; ++k) sum[k] = sum[k] * a + b;
  }
#pragma GCC unroll 12
  for (int k = 0; k < chains; ++k) asm volatile("" : : "v"(sum[k]));
  return 2.0 * chains * lanes<Real> * static_cast<double>(steps);
}

}  // namespace

template <class Real>
void install_multiply_adds(RealTables<Real>& tables) {
  tables.multiply_adds = multiply_adds<Real>;
}
template void install_multiply_adds(RealTables<float>&);
template void install_multiply_adds(RealTables<double>&);

}  // namespace qs::kernels::QS_ISA

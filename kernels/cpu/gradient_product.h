// The contraction of weight gradients with lanes along the outputs: tokens and configurations are the summation index of an ordinary product.
#pragma once

#include "kernels/api/network.h"
#include "kernels/cpu/simd.h"

namespace qs::kernels::QS_ISA {

// The most outputs of one product.
constexpr int most_registers = vector_registers == 32 ? 4 : 3;
template <class Real>
constexpr int most_outputs = most_registers* lanes<Real>;
template <class Real>
constexpr int registers_of(int outputs) {
  return (outputs + lanes<Real> - 1) / lanes<Real>;
}

// to[i][o] (+)= sum_r sum_s x[r x_outer + s x_inner + i lanes] packed[r][s][o] for r < outer, s < inner: one chain per result, in order. Inputs i lie
// one register apart, which makes their addresses constants of the loop. packed [outer][inner][registers_of(outputs)][lanes]; `to` need not be
// aligned. Pointers come apart from the shape, which many short products share: copying it would cost as much as they do.
template <class Real>
struct GradientProduct {
  int outer, inner, inputs, outputs;
  std::int64_t x_outer, x_inner, to_input;
  Write write;
};
template <class Real>
void run(const GradientProduct<Real>& shape, const Real* x, const Real* packed, Real* to);

// packed[b][o] = dy[o][b] for b < lanes, o < outputs (zero beyond). packed_row: elements from one b to the next.
template <class Real>
void pack_outputs(int outputs, const Real* dy, std::int64_t dy_output, Real* packed, std::int64_t packed_row);

}  // namespace qs::kernels::QS_ISA

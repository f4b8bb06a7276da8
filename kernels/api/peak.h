// The limit of this core, to measure primitives against.
#pragma once

#include <cstdint>

namespace qs::kernels {

// `steps` rounds of multiply-adds on independent registers, in the instruction set the cpu device dispatches to. Returns the floating-point
// operations done: 2 per multiply-add and lane. Instantiated for Real = float and double.
template <class Real>
double multiply_adds(std::int64_t steps);

}  // namespace qs::kernels

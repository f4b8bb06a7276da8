// minSR without room for all derivatives: the Gram matrix is a sum over parameters, X X^T = sum_b X_b X_b^T, so X is formed a block of columns at a
// time. Every block takes a pass of derivatives over all rows; the products dominate from some hundred rows on.
#pragma once

#include <complex>
#include <span>

#include "engine/optimize/natural_gradient.h"

namespace qs {

// As minsr_direction, with options.parameter_blocks blocks. Memory: rows x parameters / blocks values over all ranks, and one chunk of whole rows for
// every thread. With float32 rows the products are float32 unless their rounding could reach the shift. Collective.
template <class Real>
NaturalDirection minsr_direction_in_blocks(const OptimizerOptions& options, const Tangent& tangent, std::span<const std::complex<double>> residual,
                                           double shift, std::span<const double> momentum);

}  // namespace qs

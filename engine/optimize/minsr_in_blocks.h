// minSR without room for all derivatives: the Gram matrix is a sum over parameters, X X^T = sum_b X_b X_b^T, so X is formed a block of columns at a
// time. Every block takes a pass of derivatives over all rows; the products dominate from some hundred rows on.
#pragma once

#include <complex>
#include <memory>
#include <span>

#include "engine/optimize/natural_system.h"

namespace qs {

// With options.parameter_blocks blocks, of the parameters theta_k / scales[k] (empty: of theta). Memory: rows x parameters / blocks values over all
// ranks, and one chunk of whole rows for every thread. With float32 rows the products are float32 unless their rounding could reach the shift.
template <class Real>
std::unique_ptr<NaturalSystem> minsr_system_in_blocks(const OptimizerOptions& options, const Tangent& tangent,
                                                      std::span<const std::complex<double>> residual, std::vector<double> momentum,
                                                      std::span<const double> scales);

}  // namespace qs

// Sums of derivatives over all rows, by backward passes that never form a row.
#pragma once

#include <complex>
#include <span>
#include <vector>

#include "engine/optimize/optimizer.h"

namespace qs {

// sum_i Re(conj(weight_i) O_i) over the rows of all ranks, weight [my rows]: one backward pass, joined over the fixed blocks. Collective.
std::vector<double> weighted_derivatives(const Tangent& tangent, std::span<const std::complex<double>> weight);

// The gradient (1/G) sum_g 2 Re sum_i w_i conj(O_i) eps_i. Residuals are centred per problem, so <O> drops out. Collective.
std::vector<double> loss_gradient(const Tangent& tangent, std::span<const std::complex<double>> residual);

// X^T y for y [all rows of X], the same on every rank: rows are centred by their weights instead of by <O>. Collective.
std::vector<double> transposed_product(const Tangent& tangent, std::span<const double> y);

}  // namespace qs

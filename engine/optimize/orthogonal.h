// The nearest semi-orthogonal matrix, as Muon needs it: rough but fast.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/wavefunctions/parameters.h"
#include "kernels/api/device.h"

namespace qs {

// A parameter tensor read as a matrix: row-major, from `offset` of the flat buffer on.
struct WeightMatrix {
  std::int64_t offset = 0, rows = 0, columns = 0;
};

// The weights of dense layers, tensors named "kernel" with two axes or more. Axes are joined so that the matrix is as square as they allow: attention
// projections [d, heads, d/heads] and [heads, d/heads, d] are [d, d]. Matrices with fewer than 8 rows or columns are left out: there is little to
// orthogonalise in the weights of a few couplings or of the amplitude.
std::vector<WeightMatrix> weight_matrices(const ParameterLayout& layout);

// Every matrix U S V^T in `values` becomes about U V^T: five Newton-Schulz steps of the odd quintic with coefficients (3.4445, -4.7750, 2.0315) bring
// singular values from 1e-3 to 1 of the Frobenius norm into 0.7 to 1.2 (Jordan et al., "Muon: An optimizer for hidden layers in neural networks",
// 2024). A zero matrix stays zero. In float32 on `device`; ranks share the matrices and return the same bits, whatever their number. Collective.
void orthogonalise(Device device, Communicator& comm, std::span<const WeightMatrix> matrices, std::span<double> values);

}  // namespace qs

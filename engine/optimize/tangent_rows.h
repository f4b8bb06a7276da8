// The matrix X of centred, weighted derivatives and the vector v of residuals, this rank's rows.
//
// Sample i of problem g with weight w_i (sum 1 per problem): X_i = sqrt(w_i/G) (O_i - <O>_g), v_i = 2 sqrt(w_i/G) eps_i, real and imaginary parts in
// interleaved rows [Re_1, Im_1, Re_2, ...]; positive wavefunctions have real rows only. X^T v is the gradient, X^T X the real part of the quantum
// geometric tensor. Rows stand in global order and are cut into the fixed blocks of engine/comm/blocks.h.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/comm/blocks.h"
#include "engine/comm/communicator.h"
#include "engine/optimize/optimizer.h"
#include "kernels/api/memory.h"
#include "kernels/api/rows.h"

namespace qs {

// Where the rows of every block stand. "Row" = row of X, `per_sample` (1 or 2) of them for each sample.
struct RowLayout {
  Blocks blocks;
  int per_sample = 1;
  std::vector<std::int64_t> block_begin;  // [blocks + 1], first row of every block, over all ranks

  std::int64_t total() const { return block_begin.back(); }
  std::int64_t my_begin() const { return block_begin[blocks.first()]; }
  std::int64_t my_rows() const { return block_begin[blocks.last()] - my_begin(); }
};
// `my_block_begin`: samples, as SampleSet::block_begin. Collective.
RowLayout make_row_layout(Communicator& comm, const Blocks& blocks, const std::vector<std::int64_t>& my_block_begin, int per_sample);

// Rows stay where they are computed: pointers to them are for the primitives of `device`, for the host only through host_view.
template <class Real>
struct TangentRows {
  RowLayout layout;
  std::int64_t parameters = 0;
  Device device = Device::cpu;
  Buffer<Real> values;  // [my_rows, parameters]

  // Counted from this rank's first one.
  Real* row(std::int64_t i) { return values.data() + i * parameters; }
  const Real* row(std::int64_t i) const { return values.data() + i * parameters; }
  // The rows of one of my blocks.
  kernels::RowView<const Real> block(int b) const {
    const std::int64_t begin = layout.block_begin[b];
    return {row(begin - layout.my_begin()), parameters, nullptr, layout.block_begin[b + 1] - begin, parameters};
  }
};

// Which problem and weight every one of my samples has.
struct RowWeights {
  int problems = 1;
  std::span<const std::int32_t> problem;
  std::span<const double> weight;
};

// X -> sqrt(w/G) (X - mean of its problem), column k times scales[k] (none: 1), in place; samples of weight 0 become zero rows whatever they held.
// Means by tree_sum: same bits for any rank count. Throws NumericalError on every rank, naming a culprit, if a derivative is not finite. Collective.
template <class Real>
void centre_rows(Communicator& comm, const RowWeights& weights, std::span<const double> scales, TangentRows<Real>& rows);

// Throws NumericalError on every rank if a residual of non-zero weight is not finite. Collective.
void check_residual(const Tangent& tangent, std::span<const std::complex<double>> residual);
// v of my rows.
std::vector<double> residual_rows(const RowWeights& weights, int per_sample, std::span<const std::complex<double>> residual);
// Some of the parameters, in the order of the layout.
struct ParameterRange {
  std::int64_t first = 0, count = 0;
};
// The Jacobian of my samples by all parameters, or by some of them, centred, in the memory of `device`, which is that of the wavefunction too.
// `scales` of all parameters, or none. Derivatives by some take the time of those by all, and memory for a chunk of whole rows on every thread.
// Collective.
template <class Real>
TangentRows<Real> centred_jacobian(Device device, const Tangent& tangent, std::span<const double> scales);
template <class Real>
TangentRows<Real> centred_jacobian(Device device, const Tangent& tangent, std::span<const double> scales, const ParameterRange& range);

// X u for my rows.
template <class Real>
std::vector<double> multiply(const TangentRows<Real>& rows, std::span<const double> u);
// out[c] = X^T y_c for several vectors of my rows, in one pass over X. Same bits for any rank count. Collective.
template <class Real>
std::vector<std::vector<double>> multiply_transposed(Communicator& comm, const TangentRows<Real>& rows,
                                                     const std::vector<std::span<const double>>& y);
// The diagonal of X^T X. Same bits for any rank count. Collective.
template <class Real>
std::vector<double> column_squares(Communicator& comm, const TangentRows<Real>& rows);

}  // namespace qs

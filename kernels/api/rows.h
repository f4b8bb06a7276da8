// The rows of a large matrix, the Jacobian, where they were written: sums over rows, centring, products with vectors. Row-major; sums are float64 and
// their order is fixed. Pointers lead into the memory of the device (kernels/api/memory.h).
#pragma once

#include <cstdint>

#include "kernels/api/device.h"

namespace qs::kernels {

// `count` rows of `columns` values: the j-th begins at base + row(j) stride, row(j) = index[j], or j without an index.
template <class Real>
struct RowView {
  Real* base;
  std::int64_t stride;
  const std::int64_t* index;  // [count], on the device; nullptr: all rows in turn
  std::int64_t count;
  std::int64_t columns;
};

// How much of a matrix one call should take: on the host so that there is work for all threads and the sums stay in the L1 cache, on cuda all of it.
struct RowPiece {
  std::int64_t rows, columns;
};

template <class Real>
struct RowTable {
  RowPiece piece;
  // sum[c][k] += sum_j weight[c][j] a_j[k], j ascending; weight [vectors][count], sum [vectors][columns] with rows sum_stride apart.
  void (*add_weighted_rows)(RowView<const Real> a, int vectors, const double* weight, double* sum, std::int64_t sum_stride);
  // a_j[k] = factor[j] (a_j[k] - mean[k]) scale[k] in float64; a row of factor 0 is cleared, whatever it held.
  void (*centre_rows)(RowView<Real> a, const double* factor, const double* mean, const double* scale);
  // sum[k] += sum_j a_j[k]^2, j ascending.
  void (*add_squared_rows)(RowView<const Real> a, double* sum);
  // out[j] = sum_k a_j[k] u[k]; columns < 2^31.
  void (*multiply_rows)(RowView<const Real> a, const double* u, double* out);
  // *out = sum_i a[i]^2 for i < n.
  void (*sum_of_squares)(std::int64_t n, const Real* a, double* out);
};

template <class Real>
const RowTable<Real>& jacobian_rows(Device device);

}  // namespace qs::kernels

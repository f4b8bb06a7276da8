// Bodies of the operations on Jacobian rows. Neighbouring lanes take neighbouring columns of one row, so that every load of a warp is one piece of
// memory; of products with a vector, a warp takes the whole row.
#pragma once

#include "kernels/api/rows.h"
#include "kernels/cuda/host_device.h"

namespace qs::kernels::cuda {

template <class Real>
QS_HOST_DEVICE Real* row(const RowView<Real>& a, std::int64_t j) {
  return a.base + (a.index != nullptr ? a.index[j] : j) * a.stride;
}

// sum[c][k] += sum_j weight[c][j] a_j[k], j ascending. k = (c, column)
template <class Real>
struct AddWeightedRows {
  RowView<const Real> a;
  const double* weight;
  double* sum;
  std::int64_t sum_stride;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const std::int64_t c = k / a.columns, column = k % a.columns;
    double total = 0;
    for (std::int64_t j = 0; j < a.count; ++j) total += weight[c * a.count + j] * static_cast<double>(row(a, j)[column]);
    sum[c * sum_stride + column] += total;
  }
};

// a_j[k] = factor[j] (a_j[k] - mean[k]) scale[k]; 0 where the factor is 0. k = (j, column)
template <class Real>
struct CentreRows {
  RowView<Real> a;
  const double* factor;
  const double* mean;
  const double* scale;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const std::int64_t j = k / a.columns, column = k % a.columns;
    Real& value = row(a, j)[column];
    value = factor[j] == 0 ? Real(0) : static_cast<Real>(factor[j] * (static_cast<double>(value) - mean[column]) * scale[column]);
  }
};

// sum[k] += sum_j a_j[k]^2, j ascending.
template <class Real>
struct AddSquaredRows {
  RowView<const Real> a;
  double* sum;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    double total = 0;
    for (std::int64_t j = 0; j < a.count; ++j) total += static_cast<double>(row(a, j)[k]) * static_cast<double>(row(a, j)[k]);
    sum[k] += total;
  }
};

struct ClearSum {
  double* sum;

  QS_HOST_DEVICE void operator()(std::int64_t k) const { sum[k] = 0; }
};

// Summands of a product with a vector: element b of row j.
template <class Real>
struct RowTimesVector {
  RowView<const Real> a;
  const double* u;

  QS_HOST_DEVICE double operator()(std::int64_t j, std::int64_t b) const { return static_cast<double>(row(a, j)[b]) * u[b]; }
};

// Square b of piece `j`; pieces have `length` values, the last one perhaps fewer.
template <class Real>
struct SquareOfPiece {
  std::int64_t n, length;
  const Real* a;

  QS_HOST_DEVICE double operator()(std::int64_t j, std::int64_t b) const {
    const std::int64_t i = j * length + b;
    return i < n ? static_cast<double>(a[i]) * static_cast<double>(a[i]) : 0.0;
  }
};

struct Summand {
  const double* values;

  QS_HOST_DEVICE double operator()(std::int64_t, std::int64_t b) const { return values[b]; }
};

}  // namespace qs::kernels::cuda

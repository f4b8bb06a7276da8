// What a device offers behind kernels/api/rows.h. Shapes and meaning of the arguments: see there.
#pragma once

#include "kernels/api/rows.h"

namespace qs::kernels {

template <class Real>
struct RowTable {
  RowPiece piece;
  void (*add_weighted_rows)(RowView<const Real> a, int vectors, const double* weight, double* sum, std::int64_t sum_stride);
  void (*centre_rows)(RowView<Real> a, const double* factor, const double* mean, const double* scale);
  void (*add_squared_rows)(RowView<const Real> a, double* sum);
  void (*multiply_rows)(RowView<const Real> a, const double* u, double* out);
  void (*sum_of_squares)(std::int64_t n, const Real* a, double* out);
};

namespace reference {  // also of the cpu device
template <class Real>
const RowTable<Real>& row_table();
}
namespace cuda {
template <class Real>
const RowTable<Real>& row_table();
}

}  // namespace qs::kernels

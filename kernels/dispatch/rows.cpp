// Picks the device's table and forwards.
#include "kernels/api/rows.h"

#include "engine/base/error.h"
#include "kernels/dispatch/rows_table.h"

namespace qs::kernels {
namespace {

template <class Real>
const RowTable<Real>& on(Device device) {
  switch (device) {
    case Device::reference:
    case Device::cpu:
      return reference::row_table<Real>();
    case Device::cuda:
      return cuda::row_table<Real>();
  }
  throw NotBuilt("the requested device");
}

}  // namespace

RowPiece row_piece(Device device) { return on<double>(device).piece; }

template <class Real>
void add_weighted_rows(Device device, RowView<const Real> a, int vectors, const double* weight, double* sum, std::int64_t sum_stride) {
  on<Real>(device).add_weighted_rows(a, vectors, weight, sum, sum_stride);
}

template <class Real>
void centre_rows(Device device, RowView<Real> a, const double* factor, const double* mean, const double* scale) {
  on<Real>(device).centre_rows(a, factor, mean, scale);
}

template <class Real>
void add_squared_rows(Device device, RowView<const Real> a, double* sum) {
  on<Real>(device).add_squared_rows(a, sum);
}

template <class Real>
void multiply_rows(Device device, RowView<const Real> a, const double* u, double* out) {
  on<Real>(device).multiply_rows(a, u, out);
}

template <class Real>
void sum_of_squares(Device device, std::int64_t n, const Real* a, double* out) {
  on<Real>(device).sum_of_squares(n, a, out);
}

template void add_weighted_rows(Device, RowView<const float>, int, const double*, double*, std::int64_t);
template void add_weighted_rows(Device, RowView<const double>, int, const double*, double*, std::int64_t);
template void centre_rows(Device, RowView<float>, const double*, const double*, const double*);
template void centre_rows(Device, RowView<double>, const double*, const double*, const double*);
template void add_squared_rows(Device, RowView<const float>, double*);
template void add_squared_rows(Device, RowView<const double>, double*);
template void multiply_rows(Device, RowView<const float>, const double*, double*);
template void multiply_rows(Device, RowView<const double>, const double*, double*);
template void sum_of_squares(Device, std::int64_t, const float*, double*);
template void sum_of_squares(Device, std::int64_t, const double*, double*);

}  // namespace qs::kernels

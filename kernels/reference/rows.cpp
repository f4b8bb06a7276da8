// Rows of the Jacobian on the host, also of the cpu device: they are read from memory once per call, which is what these loops take.
#include <algorithm>
#include <array>

#include "kernels/reference/install.h"

namespace qs::kernels::reference {
namespace {

constexpr RowPiece piece{1, 2048};         // 2048 float64 sums stay in the L1 cache beside a row
constexpr std::int64_t partial_sums = 16;  // independent, so that the compiler may use SIMD; fixed, so that the bits are

template <class Real>
Real* row(const RowView<Real>& a, std::int64_t j) {
  return a.base + (a.index != nullptr ? a.index[j] : j) * a.stride;
}

template <class Real>
void add_weighted_rows(RowView<const Real> a, int vectors, const double* weight, double* sum, std::int64_t sum_stride) {
  for (std::int64_t j = 0; j < a.count; ++j) {
    const Real* from = row(a, j);
    for (int c = 0; c < vectors; ++c) {
      const double factor = weight[c * a.count + j];
      double* to = sum + c * sum_stride;
      for (std::int64_t k = 0; k < a.columns; ++k) to[k] += factor * static_cast<double>(from[k]);
    }
  }
}

template <class Real>
void centre_rows(RowView<Real> a, const double* factor, const double* mean, const double* scale) {
  for (std::int64_t j = 0; j < a.count; ++j) {
    Real* values = row(a, j);
    const double share = factor[j];
    if (share == 0) {
      std::fill(values, values + a.columns, Real{0});
      continue;
    }
    for (std::int64_t k = 0; k < a.columns; ++k) values[k] = static_cast<Real>(share * (static_cast<double>(values[k]) - mean[k]) * scale[k]);
  }
}

template <class Real>
void add_squared_rows(RowView<const Real> a, double* sum) {
  for (std::int64_t j = 0; j < a.count; ++j) {
    const Real* values = row(a, j);
    for (std::int64_t k = 0; k < a.columns; ++k) sum[k] += static_cast<double>(values[k]) * static_cast<double>(values[k]);
  }
}

template <class Real>
void multiply_rows(RowView<const Real> a, const double* u, double* out) {
  for (std::int64_t j = 0; j < a.count; ++j) {
    const Real* values = row(a, j);
    std::array<double, partial_sums> sum{};
    std::int64_t k = 0;
    for (; k + partial_sums <= a.columns; k += partial_sums) {
      for (std::int64_t l = 0; l < partial_sums; ++l) sum[l] += static_cast<double>(values[k + l]) * u[k + l];
    }
    double total = 0;
    for (; k < a.columns; ++k) total += static_cast<double>(values[k]) * u[k];
    for (const double part : sum) total += part;
    out[j] = total;
  }
}

template <class Real>
void sum_of_squares(std::int64_t n, const Real* a, double* out) {
  std::array<double, partial_sums> sum{};
  for (std::int64_t k = 0; k < n; ++k) sum[k % partial_sums] += static_cast<double>(a[k]) * static_cast<double>(a[k]);
  double total = 0;
  for (const double part : sum) total += part;
  *out = total;
}

}  // namespace

template <class Real>
void install_rows(RowTable<Real>& table) {
  table = {piece, add_weighted_rows<Real>, centre_rows<Real>, add_squared_rows<Real>, multiply_rows<Real>, sum_of_squares<Real>};
}
template void install_rows(RowTable<float>&);
template void install_rows(RowTable<double>&);

}  // namespace qs::kernels::reference

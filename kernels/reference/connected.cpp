// Connected configurations by definition, row after row.
#include <cmath>
#include <complex>

#include "kernels/dispatch/connected_table.h"

namespace qs::kernels::reference {
namespace {

using Complex = std::complex<double>;

bool is_zero(double re) { return re == -HUGE_VAL; }

// visit(group, element, its imaginary part) for every non-zero element of row i.
template <class Visit>
void for_each_connected(const OperatorTable& op, const RowBlock& rows, std::int64_t i, const Visit& visit) {
  if (is_zero(rows.re[i])) return;
  const double* coupling = op.coupling + std::int64_t{rows.problem[i]} * op.couplings;
  for (std::int64_t group = 0; group < op.groups; ++group) {
    const double element = matrix_element(op, coupling, rows.bits + i * op.words, group);
    const double imaginary = imaginary_element(op, coupling, rows.bits + i * op.words, group);
    if (element != 0 || imaginary != 0) visit(group, element, imaginary);
  }
}

void count(OperatorTable op, RowBlock rows, std::int64_t* begin) {
  begin[0] = 0;
  for (std::int64_t i = 0; i < rows.count; ++i) {
    begin[i + 1] = begin[i];
    for_each_connected(op, rows, i, [&](std::int64_t, double, double) { ++begin[i + 1]; });
  }
}

void fill(OperatorTable op, RowBlock rows, const std::int64_t* begin, ConnectedRows out) {
  for (std::int64_t i = 0; i < rows.count; ++i) {
    std::int64_t k = begin[i];
    for_each_connected(op, rows, i, [&](std::int64_t group, double element, double imaginary) {
      for (int w = 0; w < op.words; ++w) out.bits[k * op.words + w] = rows.bits[i * op.words + w] ^ op.flip[group * op.words + w];
      out.problem[k] = rows.problem[i];
      out.row[k] = static_cast<std::int32_t>(i);
      out.element[k] = element;
      if (op.imaginary != nullptr) out.imaginary[k] = imaginary;
      ++k;
    });
  }
}

void add(RowBlock rows, const std::int64_t* begin, std::int64_t, ConnectedRows connected, double* re, double* im) {
  for (std::int64_t i = 0; i < rows.count; ++i) {
    Complex sum{re[i], im[i]};
    for (std::int64_t k = begin[i]; k < begin[i + 1]; ++k) {
      const Complex log_ratio = Complex{connected.re[k], connected.im[k]} - Complex{rows.re[i], rows.im[i]};
      if (connected.imaginary == nullptr) {
        sum += is_zero(connected.re[k]) ? 0 : connected.element[k] * std::exp(log_ratio);
      } else {
        sum += is_zero(connected.re[k]) ? 0 : Complex{connected.element[k], connected.imaginary[k]} * std::exp(log_ratio);
      }
    }
    re[i] = sum.real();
    im[i] = sum.imag();
  }
}

}  // namespace

const ConnectedTable& connected_table() {
  static const ConnectedTable table{count, fill, add};
  return table;
}

}  // namespace qs::kernels::reference

// Connected configurations on the host, also of the cpu device, row after row.
#include "kernels/bodies/connected.h"

#include <complex>
#include <numeric>

#include "kernels/reference/install.h"

namespace qs::kernels::reference {
namespace {

using Complex = std::complex<double>;

void count(OperatorTable op, RowBlock rows, std::int64_t* begin) {
  const CountConnected body{op, rows, begin};
  for (std::int64_t k = 0; k <= rows.count; ++k) body(k);
  std::partial_sum(begin, begin + rows.count + 1, begin);
}

void fill(OperatorTable op, RowBlock rows, const std::int64_t* begin, ConnectedRows out) {
  for (std::int64_t i = 0; i < rows.count; ++i) FillConnected{op, rows, begin, out}(i);
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

void install_connected(ConnectedTable& table) { table = {count, fill, add}; }

}  // namespace qs::kernels::reference

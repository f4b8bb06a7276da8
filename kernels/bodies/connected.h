// The connected configurations of one row, counted and listed, on every device.
#pragma once

#include <cmath>

#include "kernels/api/connected.h"

namespace qs::kernels {

QS_HOST_DEVICE inline bool is_zero(double re) { return re == -HUGE_VAL; }

// begin[0] = 0, begin[i + 1] = number of connected rows of row i. k = i + 1
struct CountConnected {
  OperatorTable op;
  RowBlock rows;
  std::int64_t* begin;

  QS_HOST_DEVICE void operator()(std::int64_t k) const { begin[k] = k == 0 ? 0 : count(k - 1); }
  QS_HOST_DEVICE std::int64_t count(std::int64_t i) const {
    const double* coupling = op.coupling + static_cast<std::int64_t>(rows.problem[i]) * op.couplings;
    std::int64_t found = 0;
    for (std::int64_t group = 0; group < op.groups && !is_zero(rows.re[i]); ++group) {
      const std::uint64_t* row = rows.bits + i * op.words;
      found += matrix_element(op, coupling, row, group) != 0 || imaginary_element(op, coupling, row, group) != 0;
    }
    return found;
  }
};

// k = row
struct FillConnected {
  OperatorTable op;
  RowBlock rows;
  const std::int64_t* begin;
  ConnectedRows out;

  QS_HOST_DEVICE void operator()(std::int64_t i) const {
    const double* coupling = op.coupling + static_cast<std::int64_t>(rows.problem[i]) * op.couplings;
    const std::uint64_t* row = rows.bits + i * op.words;
    std::int64_t k = begin[i];
    for (std::int64_t group = 0; group < op.groups && k < begin[i + 1]; ++group) {
      const double element = matrix_element(op, coupling, row, group);
      const double imaginary = imaginary_element(op, coupling, row, group);
      if (element == 0 && imaginary == 0) continue;
      for (int w = 0; w < op.words; ++w) out.bits[k * op.words + w] = row[w] ^ op.flip[group * op.words + w];
      out.problem[k] = rows.problem[i];
      out.row[k] = static_cast<std::int32_t>(i);
      out.element[k] = element;
      if (op.imaginary != nullptr) out.imaginary[k] = imaginary;
      ++k;
    }
  }
};

}  // namespace qs::kernels

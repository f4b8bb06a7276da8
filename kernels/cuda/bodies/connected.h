// Bodies of the connected configurations: one thread lists those of one row, one thread takes the exponential of one ratio.
#pragma once

#include <cmath>

#include "kernels/api/connected.h"
#include "kernels/cuda/host_device.h"

namespace qs::kernels::cuda {

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

// log psi(sigma') becomes element psi(sigma') / psi(sigma). k: connected row
struct ConnectedTerm {
  RowBlock rows;
  ConnectedRows connected;

  QS_HOST_DEVICE void operator()(std::int64_t k) const {
    const std::int32_t i = connected.row[k];
    double re = 0, im = 0;
    if (!is_zero(connected.re[k])) {
      const double modulus = std::exp(connected.re[k] - rows.re[i]), phase = connected.im[k] - rows.im[i];
      const double size = connected.element[k] * modulus, cosine = std::cos(phase), sine = std::sin(phase);
      re = size * cosine;
      im = size * sine;
      if (connected.imaginary != nullptr) {
        const double turned = connected.imaginary[k] * modulus;
        re -= turned * sine;
        im += turned * cosine;
      }
    }
    connected.re[k] = re;
    connected.im[k] = im;
  }
};

// re[i] + i im[i] += the terms of row i in their order: segmented sums of libraries order them by where the segment lies in memory, so that the bits
// of an energy would depend on the window it was computed in. k = i
struct SumConnected {
  const std::int64_t* begin;
  ConnectedRows connected;
  double* re;
  double* im;

  QS_HOST_DEVICE void operator()(std::int64_t i) const {
    double sum_re = re[i], sum_im = im[i];
    for (std::int64_t k = begin[i]; k < begin[i + 1]; ++k) {
      sum_re += connected.re[k];
      sum_im += connected.im[k];
    }
    re[i] = sum_re;
    im[i] = sum_im;
  }
};

}  // namespace qs::kernels::cuda

// Bodies of the sums over connected configurations: one thread takes the exponential of one ratio, one the sum of one row.
#pragma once

#include "kernels/bodies/connected.h"

namespace qs::kernels::cuda {

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

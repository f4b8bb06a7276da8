// Arithmetic that rounds on every device as it does on the host.
#pragma once

#include "engine/base/host_device.h"

namespace qs::kernels {

// a b, rounded: on a GPU nvcc would fuse it with a following addition.
QS_HOST_DEVICE inline double rounded_product(double a, double b) {
#ifdef __CUDA_ARCH__
  return __dmul_rn(a, b);
#else
  return a * b;
#endif
}

}  // namespace qs::kernels

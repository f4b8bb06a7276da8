// What the bodies of the CUDA kernels share. A body is a struct whose operator()(k) computes element k and nothing else: nvcc compiles it for both
// sides, any other compiler for the host, where the tests run it.
#pragma once

#include <cstdint>

#include "engine/base/host_device.h"

namespace qs::kernels::cuda {

// Element [t][d][b] of an activation with D features and B rows.
QS_HOST_DEVICE inline std::int64_t at(std::int64_t t, std::int64_t d, std::int64_t b, std::int64_t D, std::int64_t B) { return (t * D + d) * B + b; }

}  // namespace qs::kernels::cuda

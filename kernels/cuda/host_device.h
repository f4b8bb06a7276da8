// What the bodies of the CUDA kernels share. A body is a struct whose operator()(k) computes element k and nothing else: nvcc compiles it for both
// sides, any other compiler for the host, where the tests run it.
#pragma once

#include <cstdint>

#include "engine/base/host_device.h"

// Functions of a team run where the team does: under nvcc on the device, elsewhere on the host.
#ifdef __CUDACC__
#define QS_TEAM __device__
#define QS_UNROLL _Pragma("unroll")
#define QS_UNROLL_BY_FOUR _Pragma("unroll 4")
#else
#define QS_TEAM
#define QS_UNROLL
#define QS_UNROLL_BY_FOUR
#endif

namespace qs::kernels::cuda {

// Element [t][d][b] of an activation with D features and B rows.
QS_HOST_DEVICE inline std::int64_t at(std::int64_t t, std::int64_t d, std::int64_t b, std::int64_t D, std::int64_t B) { return (t * D + d) * B + b; }

}  // namespace qs::kernels::cuda

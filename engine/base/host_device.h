// Marks functions that run on the host and on a GPU: nvcc compiles them for both sides, any other compiler for the host. They are C++17.
#pragma once

#ifdef __CUDACC__
#define QS_HOST_DEVICE __host__ __device__
#else
#define QS_HOST_DEVICE
#endif

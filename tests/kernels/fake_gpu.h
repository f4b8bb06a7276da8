// A CUDA device for machines without one: the primitives of kernels/cuda on the host's queue, and memory that the host cannot touch. An executable
// that compiles fake_gpu.cpp has this device behind Device::cuda instead of the stub or the real one. It shows that the engine allocates, copies and
// passes pointers as a GPU needs it: a host access to the device's memory is a segmentation fault, a host pointer given to a primitive an error.
#pragma once

#include <cstddef>

namespace qs::test {

// Bytes that are allocated and not released.
std::size_t fake_gpu_bytes_in_use();
// The most that were so at a time since the last call.
std::size_t fake_gpu_peak_bytes();
// Whether another process could open this memory: what MemoryTable::allocate_exchange gave on the side of the device.
bool fake_gpu_exports(const void* pointer);
// Whether this thread has waited for all it asked of the device.
bool fake_gpu_is_settled();
// How often recorded calls (kernels/api/recording.h) were played since the last call.
std::size_t fake_gpu_graphs_played();

}  // namespace qs::test

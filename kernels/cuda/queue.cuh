// The queue of the CUDA device (see network.h for what a Queue offers): work of all host threads goes to one stream and runs in the order in which
// it was queued, so nothing here waits and the same calls give the same bits. A Queue holds the device for its host thread while it lives.
#pragma once

#include <algorithm>

#include "kernels/cuda/bodies/gradient.h"
#include "kernels/cuda/context.h"
#include "kernels/cuda/products.h"
#include "kernels/cuda/team.cuh"

namespace qs::kernels::cuda {

namespace launch {

inline constexpr int block = 256;
inline constexpr std::int64_t most_blocks = 1 << 20;  // a lane takes further elements beyond; far below the limit 2^31 - 1 of a grid
inline constexpr int tile = 32;                       // of a transposition; a warp reads and writes whole rows of it
inline constexpr int tile_rows = 8;
inline constexpr std::int64_t most_tiles_y = 65535;

template <class Body>
__global__ void __launch_bounds__(block) each(std::int64_t n, Body body) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * block;
  for (std::int64_t k = static_cast<std::int64_t>(blockIdx.x) * block + threadIdx.x; k < n; k += step) body(k);
}

// A tile of 32 values by 32 rows: evaluated with neighbouring lanes on neighbouring rows b, as the sources are stored, and written with
// neighbouring lanes on neighbouring k, as the rows of the target are. One column more than needed spreads the tile over the memory banks.
template <class Real, class Source>
__global__ void __launch_bounds__(tile* tile_rows) emit(std::int64_t n, int valid, Real* base, std::int64_t stride, Source source) {
  __shared__ Real values[tile][tile + 1];
  const std::int64_t k0 = static_cast<std::int64_t>(blockIdx.x) * tile;
  for (std::int64_t b0 = static_cast<std::int64_t>(blockIdx.y) * tile; b0 < valid; b0 += static_cast<std::int64_t>(gridDim.y) * tile) {
    const std::int64_t b = b0 + threadIdx.x;
    for (int r = threadIdx.y; r < tile; r += tile_rows) {
      if (k0 + r < n && b < valid) values[r][threadIdx.x] = source(k0 + r, b);
    }
    __syncthreads();
    const std::int64_t k = k0 + threadIdx.x;
    for (int r = threadIdx.y; r < tile; r += tile_rows) {
      if (k < n && b0 + r < valid) base[(b0 + r) * stride + k] = values[threadIdx.x][r];
    }
    __syncthreads();
  }
}

// One warp per sum: row_lanes partial sums, joined pairwise (lane l takes that of l + 16, then l + 8, ...).
template <class Real, class Source>
__global__ void __launch_bounds__(block) sum_rows(std::int64_t n, int valid, Real* base, Source source) {
  static_assert(row_lanes == 32, "a partial sum per lane of a warp");
  const int lane = static_cast<int>(threadIdx.x) % row_lanes;
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * (block / row_lanes);
  for (std::int64_t k = static_cast<std::int64_t>(blockIdx.x) * (block / row_lanes) + threadIdx.x / row_lanes; k < n; k += step) {
    Real sum = sum_of_lane<Real>(source, k, lane, valid);
    for (int distance = row_lanes / 2; distance > 0; distance /= 2) sum += __shfl_down_sync(0xffffffffu, sum, distance);
    if (lane == 0) base[k] += sum;
  }
}

// Two blocks of a multiprocessor leave every thread 128 registers, three leave 80.
template <class Body>
__global__ void __launch_bounds__(DeviceTeam::threads, Body::teams_at_once) teams(Body body) {
  body(DeviceTeam());
}

inline unsigned blocks_for(std::int64_t n, std::int64_t per_block) {
  return static_cast<unsigned>(std::min((n + per_block - 1) / per_block, most_blocks));
}

}  // namespace launch

class DeviceQueue {
 public:
  template <class Body>
  void for_each(std::int64_t n, const Body& body) {
    if (n <= 0) return;
    launch::each<<<launch::blocks_for(n, launch::block), launch::block, 0, context_.stream>>>(n, body);
    check(cudaGetLastError(), "launching a kernel");
  }

  template <class Real, class Source>
  void emit(std::int64_t n, int valid, Real* base, std::int64_t stride, const Source& source) {
    if (n <= 0 || valid <= 0) return;
    const std::int64_t tiles = (n + launch::tile - 1) / launch::tile, groups = (valid + launch::tile - 1) / launch::tile;
    const dim3 grid(static_cast<unsigned>(tiles), static_cast<unsigned>(std::min(groups, launch::most_tiles_y)));
    launch::emit<<<grid, dim3(launch::tile, launch::tile_rows), 0, context_.stream>>>(n, valid, base, stride, source);
    check(cudaGetLastError(), "launching a kernel");
  }

  template <class Real, class Source>
  void sum_rows(std::int64_t n, int valid, Real* base, const Source& source) {
    if (n <= 0 || valid <= 0) return;
    launch::sum_rows<<<launch::blocks_for(n, launch::block / row_lanes), launch::block, 0, context_.stream>>>(n, valid, base, source);
    check(cudaGetLastError(), "launching a kernel");
  }

  void running_sums(std::int64_t n, std::int64_t* values) { cuda::running_sums(context_, n, values); }

  template <class Body>
  void for_each_team(const Body& body) {
    using Real = typename Body::Value;
    const int bytes = static_cast<int>(body.memory_values() * sizeof(Real));
    check(cudaFuncSetAttribute(launch::teams<Body>, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes), "a kernel's shared memory");
    launch::teams<<<static_cast<unsigned>(body.teams()), DeviceTeam::threads, bytes, context_.stream>>>(body);
    check(cudaGetLastError(), "launching a kernel");
  }
  std::int64_t team_memory() const { return context_.team_memory; }

  template <class Real>
  void multiply(const Product<Real>& product) {
    cuda::multiply(context_, product);
  }

  template <class T>
  class Temporary {
   public:
    Temporary(Context& context, std::int64_t count) : context_(context), data_(static_cast<T*>(allocate_queued(context, count * sizeof(T)))) {}
    ~Temporary() { release_queued(context_, data_); }
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;
    T* data() { return data_; }

   private:
    Context& context_;
    T* data_;
  };
  template <class T>
  Temporary<T> temporary(std::int64_t count) {
    return Temporary<T>(context_, count);
  }

  Context& device() { return context_; }

 private:
  const Held held_;
  Context& context_ = held_.device;
};

}  // namespace qs::kernels::cuda

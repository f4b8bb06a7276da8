// A team on the device (bodies/team.h): one thread block, its shared memory, and its warps' tensor cores.
#pragma once

#include "kernels/cuda/bodies/team.h"

namespace qs::kernels::cuda {

// c += a b by the tensor cores of the warp, all of whose lanes are here (layouts: bodies/tile_lanes.h).
__device__ inline void multiply_add(float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
__device__ inline void multiply_add(double (&c)[2], double a, double b) {
  asm volatile("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0,%1}, {%2}, {%3}, {%0,%1};" : "+d"(c[0]), "+d"(c[1]) : "d"(a), "d"(b));
}

template <class Real>
class WarpTile {
 public:
  __device__ void clear() { sums_ = {}; }
  __device__ void add_product(const Real* a, int lda, const Real* w, int ldw) { add(TileFactors<Real>(lane(), a, lda, w, ldw)); }
  __device__ void store(Real* c, int ldc) const { sums_.store(lane(), c, ldc); }

 private:
  __device__ static int lane() { return static_cast<int>(threadIdx.x) % 32; }
  // a b = a_h b_h + a_h b_l + a_l b_h + O(2^-21 a b), where one float32 product and sum rounds by 2^-24 (Ootomo and Yokota, Int. J. High Perform.
  // Comput. Appl. 36, 475 (2022), who also say that the cores' sums are cut and not rounded). Small terms first.
  __device__ void add(const TileFactors<float>& f) {
    QS_UNROLL
    for (int j = 0; j < TileFactors<float>::halves; ++j) {
      multiply_add(sums_.c[j], f.a_low, f.b_high[j]);
      multiply_add(sums_.c[j], f.a_high, f.b_low[j]);
      multiply_add(sums_.c[j], f.a_high, f.b_high[j]);
    }
  }
  __device__ void add(const TileFactors<double>& f) { multiply_add(sums_.c, f.a, f.b); }

  TileSums<Real> sums_;
};

struct DeviceTeam {
  static constexpr int threads = 256;
  static constexpr int warps = threads / 32;
  template <class Real>
  using Accumulator = WarpTile<Real>;

  __device__ std::int64_t index() const { return blockIdx.x; }
  __device__ int thread() const { return static_cast<int>(threadIdx.x); }
  __device__ int warp() const { return thread() / 32; }
  __device__ void* memory() const {
    extern __shared__ __align__(128) unsigned char shared[];
    return shared;
  }
  __device__ void sync() const { __syncthreads(); }
};

}  // namespace qs::kernels::cuda

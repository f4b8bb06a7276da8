// A team on the device (bodies/team.h): one thread block, its shared memory, and its warps' tensor cores.
#pragma once

#include <mma.h>

#include "kernels/cuda/bodies/team.h"

namespace qs::kernels::cuda {

// x = high + low + O(2^-22 x) in TF32, which has 11 bits of precision: low takes the rest that high leaves.
struct SplitTf32 {
  float high, low;
  __device__ explicit SplitTf32(float x) : high(nvcuda::wmma::__float_to_tf32(x)), low(nvcuda::wmma::__float_to_tf32(x - high)) {}
};

template <class Real>
class WarpTile;

// float32 from TF32 tensor cores: a b = a_h b_h + a_h b_l + a_l b_h + O(2^-21 a b), where one float32 product and sum rounds by 2^-24 (Ootomo and
// Yokota, Int. J. High Perform. Comput. Appl. 36, 475 (2022), who also say that the cores' sums are cut and not rounded). Small terms first.
template <>
class WarpTile<float> {
  using Shape = TileShape<float>;
  template <class Use, class Layout>
  using Factor = nvcuda::wmma::fragment<Use, Shape::m, Shape::n, Shape::k, nvcuda::wmma::precision::tf32, Layout>;
  template <class Fragment>
  __device__ static void load(const float* from, int ld, Fragment& high, Fragment& low) {
    nvcuda::wmma::load_matrix_sync(high, from, static_cast<unsigned>(ld));
    for (int k = 0; k < high.num_elements; ++k) {
      const SplitTf32 split(high.x[k]);
      high.x[k] = split.high;
      low.x[k] = split.low;
    }
  }

 public:
  __device__ void clear() { nvcuda::wmma::fill_fragment(sum_, 0.0f); }
  __device__ void add_product(const float* a, int lda, const float* w, int ldw) {
    Factor<nvcuda::wmma::matrix_a, nvcuda::wmma::col_major> a_high, a_low;
    Factor<nvcuda::wmma::matrix_b, nvcuda::wmma::row_major> w_high, w_low;
    load(a, lda, a_high, a_low);
    load(w, ldw, w_high, w_low);
    nvcuda::wmma::mma_sync(sum_, a_low, w_high, sum_);
    nvcuda::wmma::mma_sync(sum_, a_high, w_low, sum_);
    nvcuda::wmma::mma_sync(sum_, a_high, w_high, sum_);
  }
  __device__ void store(float* c, int ldc) const {
    nvcuda::wmma::store_matrix_sync(c, sum_, static_cast<unsigned>(ldc), nvcuda::wmma::mem_col_major);
  }

 private:
  nvcuda::wmma::fragment<nvcuda::wmma::accumulator, Shape::m, Shape::n, Shape::k, float> sum_;
};

// float64 as the tensor cores have it.
template <>
class WarpTile<double> {
  using Shape = TileShape<double>;
  template <class Use, class Layout>
  using Factor = nvcuda::wmma::fragment<Use, Shape::m, Shape::n, Shape::k, double, Layout>;

 public:
  __device__ void clear() { nvcuda::wmma::fill_fragment(sum_, 0.0); }
  __device__ void add_product(const double* a, int lda, const double* w, int ldw) {
    Factor<nvcuda::wmma::matrix_a, nvcuda::wmma::col_major> left;
    Factor<nvcuda::wmma::matrix_b, nvcuda::wmma::row_major> right;
    nvcuda::wmma::load_matrix_sync(left, a, static_cast<unsigned>(lda));
    nvcuda::wmma::load_matrix_sync(right, w, static_cast<unsigned>(ldw));
    nvcuda::wmma::mma_sync(sum_, left, right, sum_);
  }
  __device__ void store(double* c, int ldc) const {
    nvcuda::wmma::store_matrix_sync(c, sum_, static_cast<unsigned>(ldc), nvcuda::wmma::mem_col_major);
  }

 private:
  nvcuda::wmma::fragment<nvcuda::wmma::accumulator, Shape::m, Shape::n, Shape::k, double> sum_;
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

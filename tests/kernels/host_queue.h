// A queue (kernels/cuda/network.h) that runs on the host: the bodies of the CUDA kernels one element after the other, matrix products as BLAS defines
// them. What the device does beyond this is launching, moving tiles through shared memory, and calling cuBLAS with these very arguments.
#pragma once

#include <array>
#include <cstdint>
#include <numeric>
#include <vector>

#include "kernels/cuda/bodies/gradient.h"
#include "kernels/cuda/products.h"
#include "tests/kernels/host_team.h"

namespace qs::test {

class HostQueue {
 public:
  // Backwards: elements may run in any order, so none may read what another writes.
  template <class Body>
  void for_each(std::int64_t n, const Body& body) {
    for (std::int64_t k = n; k-- > 0;) body(k);
  }

  template <class Real, class Source>
  void emit(std::int64_t n, int valid, Real* base, std::int64_t stride, const Source& source) {
    for (int b = 0; b < valid; ++b) {
      for (std::int64_t k = 0; k < n; ++k) base[b * stride + k] = source(k, b);
    }
  }

  template <class Real, class Source>
  void sum_rows(std::int64_t n, int valid, Real* base, const Source& source) {
    for (std::int64_t k = 0; k < n; ++k) {
      std::array<Real, kernels::cuda::row_lanes> partial;
      for (int lane = 0; lane < kernels::cuda::row_lanes; ++lane) partial[lane] = kernels::cuda::sum_of_lane<Real>(source, k, lane, valid);
      for (int distance = kernels::cuda::row_lanes / 2; distance > 0; distance /= 2) {
        for (int lane = 0; lane < distance; ++lane) partial[lane] += partial[lane + distance];
      }
      base[k] += partial[0];
    }
  }

  void running_sums(std::int64_t n, std::int64_t* values) { std::partial_sum(values, values + n, values); }

  template <class Body>
  void for_each_team(const Body& body) {
    run_host_teams<1>(body);
  }
  std::int64_t team_memory() const { return host_team_memory; }

  // Column-major, with the meaning that cuBLAS gives to *gemmStridedBatched.
  template <class Real>
  void multiply(const kernels::cuda::Product<Real>& p) {
    for (std::int64_t batch = 0; batch < p.count; ++batch) {
      const Real* a = p.a + batch * p.a_stride;
      const Real* b = p.b + batch * p.b_stride;
      Real* c = p.c + batch * p.c_stride;
      for (std::int64_t j = 0; j < p.n; ++j) {
        for (std::int64_t i = 0; i < p.m; ++i) {
          Real sum = 0;
          for (std::int64_t l = 0; l < p.k; ++l) {
            const Real left = p.ta == kernels::Transpose::no ? a[i + l * p.lda] : a[l + i * p.lda];
            const Real right = p.tb == kernels::Transpose::no ? b[l + j * p.ldb] : b[j + l * p.ldb];
            sum += left * right;
          }
          Real& out = c[i + j * p.ldc];
          out = p.beta == Real(0) ? p.alpha * sum : p.alpha * sum + p.beta * out;
        }
      }
    }
  }

  template <class T>
  std::vector<T> temporary(std::int64_t count) {
    return std::vector<T>(static_cast<std::size_t>(count), T(77));  // what memory of the device holds is nobody's business
  }
};

}  // namespace qs::test

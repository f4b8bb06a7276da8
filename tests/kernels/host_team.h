// Teams (kernels/cuda/bodies/team.h) on the host: `count` threads that meet at a real barrier, each a warp of its own. A tile is fetched, multiplied
// and stored as the 32 lanes of a warp and its tensor cores do it: for float32, three products of factors cut to the 11 bits of TF32.
#pragma once

#include <array>
#include <barrier>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <thread>
#include <vector>

#include "engine/base/error.h"
#include "kernels/cuda/bodies/team.h"

namespace qs::test {

// What a tensor core takes of a float32: the upper 11 bits of its precision.
inline float cut_to_tf32(std::uint32_t bits) { return std::bit_cast<float>(bits & 0xffffe000u); }

// What the 32 lanes of a warp fetch of a tile (kernels/cuda/bodies/tile_lanes.h).
template <class Real>
std::vector<kernels::cuda::TileFactors<Real>> fetched_by_lanes(const Real* a, int lda, const Real* w, int ldw) {
  std::vector<kernels::cuda::TileFactors<Real>> lanes;
  for (int lane = 0; lane < 32; ++lane) lanes.emplace_back(lane, a, lda, w, ldw);
  return lanes;
}

// A tile in the registers of a warp: what lanes hold stands in the matrices where the PTX ISA says that mma.sync takes and leaves it (sections
// "Matrix Fragments for mma.m16n8k8" and "mma.m8n8k4 with .f64 floating point type"), in its words group = lane / 4 and thread_in_group = lane % 4.
template <class Real>
class HostTile;

template <>
class HostTile<float> {
  using Factors = kernels::cuda::TileFactors<float>;

 public:
  void clear() { sums_ = {}; }
  void add_product(const float* a, int lda, const float* w, int ldw) {
    const auto lanes = fetched_by_lanes<float>(a, lda, w, ldw);
    for (int half = 0; half < Factors::halves; ++half) {
      multiply_add(lanes, half, &Factors::a_low, &Factors::b_high);
      multiply_add(lanes, half, &Factors::a_high, &Factors::b_low);
      multiply_add(lanes, half, &Factors::a_high, &Factors::b_high);
    }
  }
  void store(float* c, int ldc) const {
    for (int lane = 0; lane < 32; ++lane) sums_[lane].store(lane, c, ldc);
  }

 private:
  // mma.sync.m16n8k8 with .tf32
  template <class A, class B>
  void multiply_add(const std::vector<Factors>& lanes, int half, A a_of, B b_of) {
    float a[16][8], b[8][8];
    for (int lane = 0; lane < 32; ++lane) {
      const int group = lane / 4, thread_in_group = lane % 4;
      const auto& from_a = lanes[lane].*a_of;
      const auto& from_b = (lanes[lane].*b_of)[half];
      for (int i = 0; i < 4; ++i) a[i == 0 || i == 2 ? group : group + 8][i < 2 ? thread_in_group : thread_in_group + 4] = cut_to_tf32(from_a[i]);
      for (int i = 0; i < 2; ++i) b[i == 0 ? thread_in_group : thread_in_group + 4][group] = cut_to_tf32(from_b[i]);
    }
    for (int lane = 0; lane < 32; ++lane) {
      for (int i = 0; i < 4; ++i) {
        const int row = i < 2 ? lane / 4 : lane / 4 + 8, column = lane % 4 * 2 + (i & 1);
        for (int k = 0; k < 8; ++k) sums_[lane].c[half][i] += a[row][k] * b[k][column];
      }
    }
  }

  std::array<kernels::cuda::TileSums<float>, 32> sums_;
};

template <>
class HostTile<double> {
 public:
  void clear() { sums_ = {}; }
  // mma.sync.m8n8k4 with .f64
  void add_product(const double* a_from, int lda, const double* w, int ldw) {
    const auto lanes = fetched_by_lanes<double>(a_from, lda, w, ldw);
    double a[8][4], b[4][8];
    for (int lane = 0; lane < 32; ++lane) {
      a[lane / 4][lane % 4] = lanes[lane].a;
      b[lane % 4][lane / 4] = lanes[lane].b;
    }
    for (int lane = 0; lane < 32; ++lane) {
      for (int i = 0; i < 2; ++i) {
        for (int k = 0; k < 4; ++k) sums_[lane].c[i] += a[lane / 4][k] * b[k][lane % 4 * 2 + i];
      }
    }
  }
  void store(double* c, int ldc) const {
    for (int lane = 0; lane < 32; ++lane) sums_[lane].store(lane, c, ldc);
  }

 private:
  std::array<kernels::cuda::TileSums<double>, 32> sums_;
};

template <int count>
class HostTeam {
 public:
  static constexpr int threads = count;
  static constexpr int warps = count;
  template <class Real>
  using Accumulator = HostTile<Real>;

  HostTeam(std::int64_t index, int thread, void* memory, std::barrier<>& barrier)
      : index_(index), thread_(thread), memory_(memory), barrier_(&barrier) {}

  std::int64_t index() const { return index_; }
  int thread() const { return thread_; }
  int warp() const { return thread_; }
  void* memory() const { return memory_; }
  // Threads leave a barrier at different times, so that work which needs one more barrier goes wrong.
  void sync() const {
    barrier_->arrive_and_wait();
    if (threads > 1) std::this_thread::sleep_for(std::chrono::microseconds(40 * ((thread_ + ++left_) % threads)));
  }

 private:
  std::int64_t index_;
  int thread_;
  void* memory_;
  std::barrier<>* barrier_;
  mutable int left_ = 0;
};

// What a team may ask for on an H100.
inline constexpr std::int64_t host_team_memory = 227 * 1024;

// body(team) for every team, one team after the other. Their memory holds NaN at first, and nothing may be written behind it.
template <int count, class Body>
void run_host_teams(const Body& body) {
  using Real = typename Body::Value;
  constexpr std::size_t guards = 64;
  const std::size_t size = static_cast<std::size_t>(body.memory_values());
  for (std::int64_t index = 0; index < body.teams(); ++index) {
    std::vector<Real> memory(size + guards, std::numeric_limits<Real>::quiet_NaN());
    std::barrier<> barrier(count);
    {
      std::vector<std::jthread> others;
      for (int thread = 1; thread < count; ++thread)
        others.emplace_back([&, thread] { body(HostTeam<count>(index, thread, memory.data(), barrier)); });
      body(HostTeam<count>(index, 0, memory.data(), barrier));
    }
    for (std::size_t k = size; k < memory.size(); ++k) QS_ASSERT(std::isnan(memory[k]));
  }
}

}  // namespace qs::test

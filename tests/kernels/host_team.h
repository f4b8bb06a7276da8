// Teams (kernels/cuda/bodies/team.h) on the host: `count` threads that meet at a real barrier, each a warp of its own. Tiles are multiplied as the
// tensor cores do it: for float32, three products of factors cut to the 11 bits of TF32.
#pragma once

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

// To the nearest with 11 bits of precision, ties away from zero.
inline float to_tf32(float x) {
  if (!std::isfinite(x)) return x;
  return std::bit_cast<float>((std::bit_cast<std::uint32_t>(x) + 0x1000u) & ~0x1fffu);
}

template <class Real>
class HostTile {
  using Shape = kernels::cuda::TileShape<Real>;

 public:
  void clear() {
    for (Real& value : sum_) value = 0;
  }
  void add_product(const Real* a, int lda, const Real* w, int ldw) {
    for (int n = 0; n < Shape::n; ++n) {
      for (int m = 0; m < Shape::m; ++m) {
        Real& sum = sum_[n * Shape::m + m];
        for (int k = 0; k < Shape::k; ++k) sum += product(a[k * lda + m], w[k * ldw + n]);
      }
    }
  }
  void store(Real* c, int ldc) const {
    for (int n = 0; n < Shape::n; ++n) {
      for (int m = 0; m < Shape::m; ++m) c[n * ldc + m] = sum_[n * Shape::m + m];
    }
  }

 private:
  static double product(double a, double b) { return a * b; }
  static float product(float a, float b) {
    const float a_high = to_tf32(a), b_high = to_tf32(b), a_low = to_tf32(a - a_high), b_low = to_tf32(b - b_high);
    return a_low * b_high + a_high * b_low + a_high * b_high;
  }

  Real sum_[Shape::m * Shape::n];
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

// Memory of one chunk, where the device computes: buffers, one of them handed out in pieces. They are leased from a pool owned by the
// wavefunction, so a steady state allocates nothing whatever threads call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "hamiltonians/configuration.h"
#include "kernels/api/memory.h"

namespace qs {

// A view on a buffer that hands out consecutive pieces. Copies are independent: given an arena by value, the callee may take the rest.
template <class Real>
class Arena {
 public:
  Arena(Real* begin, std::size_t capacity) : next_(begin), left_(capacity) {}

  Real* take(std::size_t count) {
    QS_ASSERT(count <= left_);
    left_ -= count;
    return std::exchange(next_, next_ + count);
  }

 private:
  Real* next_;
  std::size_t left_;
};

// Everything a chunk needs: the arena of its layers, what enters (configurations, problems, cotangents) and what leaves (log psi), all on
// the device, and the host's side of the copies, which only a device with memory of its own uses.
template <class Real>
struct ChunkMemory {
  Buffer<Real> arena;
  Buffer<Word> configurations;   // [B][words]
  Buffer<std::int32_t> problem;  // [B]
  Buffer<double> log_psi;        // [2][B]
  std::vector<Real> host_values;
  std::vector<double> host_log_psi;
};

// How many values each buffer of a chunk has.
template <class Real>
struct ChunkSizes {
  std::size_t arena, configurations, problem, log_psi;

  std::size_t bytes() const {
    return arena * sizeof(Real) + configurations * sizeof(Word) + problem * sizeof(std::int32_t) + log_psi * sizeof(double);
  }
};

template <class Real>
class WorkspacePool {
 public:
  explicit WorkspacePool(Device device) : device_(device) {}

  class Lease {
   public:
    Lease(WorkspacePool& pool, ChunkMemory<Real> memory) : pool_(pool), memory_(std::move(memory)) {}
    ~Lease() { pool_.give_back(std::move(memory_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ChunkMemory<Real>& memory() { return memory_; }
    Arena<Real> arena() { return {memory_.arena.data(), memory_.arena.size()}; }

   private:
    WorkspacePool& pool_;
    ChunkMemory<Real> memory_;
  };

  // Memory of at least these sizes; grown only if the pooled one is too small.
  Lease lease(const ChunkSizes<Real>& sizes) {
    ChunkMemory<Real> memory = take_any();
    grow(memory.arena, sizes.arena);
    grow(memory.configurations, sizes.configurations);
    grow(memory.problem, sizes.problem);
    grow(memory.log_psi, sizes.log_psi);
    return Lease(*this, std::move(memory));
  }

 private:
  template <class T>
  void grow(Buffer<T>& buffer, std::size_t count) const {
    if (buffer.size() >= count) return;
    buffer = Buffer<T>();  // the old one first: both may not fit
    buffer = Buffer<T>(device_, count);
  }
  ChunkMemory<Real> take_any() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (free_.empty()) return {};
    ChunkMemory<Real> memory = std::move(free_.back());
    free_.pop_back();
    return memory;
  }
  void give_back(ChunkMemory<Real> memory) {
    const std::lock_guard<std::mutex> lock(mutex_);
    free_.push_back(std::move(memory));
  }

  Device device_;
  std::mutex mutex_;
  std::vector<ChunkMemory<Real>> free_;
};

}  // namespace qs

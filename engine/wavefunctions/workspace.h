// Memory of one chunk: a 64-byte aligned buffer carved by a bump pointer. Buffers are leased from a pool owned by the wavefunction, so a steady
// state allocates nothing whatever threads call.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "kernels/api/error.h"

namespace qs {

template <class Real>
class AlignedBuffer {
 public:
  explicit AlignedBuffer(std::size_t count = 0) : count_(count), data_(allocate(count)) {}

  Real* data() { return data_.get(); }
  const Real* data() const { return data_.get(); }
  std::size_t size() const { return count_; }

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Free {
    void operator()(Real* p) const { ::operator delete[](p, kAlignment); }
  };
  static Real* allocate(std::size_t count) {
    Real* data = static_cast<Real*>(::operator new[](std::max<std::size_t>(count, 1) * sizeof(Real), kAlignment));
    std::fill_n(data, count, Real(0));
    return data;
  }

  std::size_t count_;
  std::unique_ptr<Real[], Free> data_;
};

// A view on a buffer that hands out consecutive pieces. Copies are independent bump pointers: passing an arena by value gives the callee the
// rest as scratch. Without a buffer it only counts, which is how sizes are planned.
template <class Real>
class Arena {
 public:
  Arena() = default;
  Arena(Real* begin, std::size_t capacity) : begin_(begin), capacity_(capacity) {}

  Real* take(std::size_t count) {
    Real* piece = begin_ ? begin_ + used_ : nullptr;
    used_ += count;
    QS_ASSERT(!begin_ || used_ <= capacity_);
    return piece;
  }
  std::size_t used() const { return used_; }

 private:
  Real* begin_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t used_ = 0;
};

template <class Real>
class WorkspacePool {
 public:
  class Lease {
   public:
    Lease(WorkspacePool& pool, AlignedBuffer<Real> buffer) : pool_(pool), buffer_(std::move(buffer)) {}
    ~Lease() { pool_.give_back(std::move(buffer_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Arena<Real> arena() { return {buffer_.data(), buffer_.size()}; }

   private:
    WorkspacePool& pool_;
    AlignedBuffer<Real> buffer_;
  };

  // A buffer of at least `count` values; grown only if the pooled one is too small.
  Lease lease(std::size_t count) {
    AlignedBuffer<Real> buffer = take_any();
    if (buffer.size() < count) buffer = AlignedBuffer<Real>(count);
    return Lease(*this, std::move(buffer));
  }

 private:
  AlignedBuffer<Real> take_any() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (free_.empty()) return AlignedBuffer<Real>(0);
    AlignedBuffer<Real> buffer = std::move(free_.back());
    free_.pop_back();
    return buffer;
  }
  void give_back(AlignedBuffer<Real> buffer) {
    const std::lock_guard<std::mutex> lock(mutex_);
    free_.push_back(std::move(buffer));
  }

  std::mutex mutex_;
  std::vector<AlignedBuffer<Real>> free_;
};

}  // namespace qs

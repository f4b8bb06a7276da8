// Arrays for kernels: 64-byte aligned, with guard values behind the end that show a write out of bounds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <new>
#include <random>
#include <vector>

namespace qs::test {

// Where the arrays of the tests stand, so that a device with memory of its own can be given the one that a pointer leads into.
class HostBlocks {
 public:
  struct Block {
    void* begin = nullptr;
    std::size_t bytes = 0;
  };
  static HostBlocks& instance() {
    static HostBlocks blocks;
    return blocks;
  }
  void add(void* begin, std::size_t bytes) { blocks_[begin] = bytes; }
  void remove(void* begin) { blocks_.erase(begin); }
  Block containing(const void* pointer) const {
    auto after = blocks_.upper_bound(const_cast<void*>(pointer));
    if (after == blocks_.begin()) return {};
    const auto& [begin, bytes] = *std::prev(after);
    return static_cast<const char*>(pointer) < static_cast<const char*>(begin) + bytes ? Block{begin, bytes} : Block{};
  }

 private:
  std::map<void*, std::size_t> blocks_;
};

template <class Real>
class LaneArray {
 public:
  explicit LaneArray(std::int64_t size, Real value = Real(0)) : size_(size), data_(allocate(size + guards)) {
    std::fill_n(data_.get(), size, value);
    std::fill_n(data_.get() + size, guards, guard);
  }
  LaneArray(std::initializer_list<Real> values) : LaneArray(static_cast<std::int64_t>(values.size())) {
    std::copy(values.begin(), values.end(), data());
  }
  LaneArray(const LaneArray& other) : LaneArray(other.size_) { std::copy_n(other.data(), size_, data()); }
  LaneArray(LaneArray&&) = default;
  LaneArray& operator=(LaneArray other) {
    std::swap(size_, other.size_);
    std::swap(data_, other.data_);
    return *this;
  }

  Real* data() { return data_.get(); }
  const Real* data() const { return data_.get(); }
  std::int64_t size() const { return size_; }
  Real& operator[](std::int64_t k) { return data_.get()[k]; }
  Real operator[](std::int64_t k) const { return data_.get()[k]; }
  Real* begin() { return data(); }
  Real* end() { return data() + size_; }
  const Real* begin() const { return data(); }
  const Real* end() const { return data() + size_; }

  bool guards_intact() const {
    return std::all_of(data_.get() + size_, data_.get() + size_ + guards, [](Real value) { return value == guard; });
  }

 private:
  static constexpr int guards = 64;
  static constexpr Real guard = static_cast<Real>(-12345);
  struct Free {
    void operator()(Real* p) const {
      HostBlocks::instance().remove(p);
      ::operator delete (p, std::align_val_t{64});
    }
  };
  static std::unique_ptr<Real, Free> allocate(std::int64_t size) {
    std::unique_ptr<Real, Free> data(static_cast<Real*>(::operator new (size * sizeof(Real), std::align_val_t{64})));
    HostBlocks::instance().add(data.get(), size * sizeof(Real));
    return data;
  }

  std::int64_t size_;
  std::unique_ptr<Real, Free> data_;
};

// Uniform in [-1, 1], representable in float32, so that both precisions see the same inputs.
template <class Real>
LaneArray<Real> random_array(std::int64_t size, unsigned seed) {
  std::mt19937 engine(seed);
  LaneArray<Real> values(size);
  for (Real& value : values) value = static_cast<Real>(static_cast<int>(engine() >> 8) - (1 << 23)) / Real(1 << 23);
  return values;
}

// The same values in float64.
template <class Real>
LaneArray<double> widened(const LaneArray<Real>& values) {
  LaneArray<double> wide(values.size());
  std::copy(values.begin(), values.end(), wide.begin());
  return wide;
}

}  // namespace qs::test

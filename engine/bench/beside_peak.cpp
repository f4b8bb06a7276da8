#include "engine/bench/beside_peak.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>

#include "engine/bench/flops.h"
#include "kernels/api/linear_algebra.h"
#include "kernels/api/memory.h"
#include "kernels/api/peak.h"

namespace qs {
namespace {

constexpr double shortest = 2e-4;  // seconds: what one measurement takes at least, so that reading the clock costs below 1 %
constexpr int least_rounds = 5;

// The clock of a device and the most that it can do.
class Yardstick {
 public:
  virtual ~Yardstick() = default;
  virtual double now() = 0;   // seconds
  virtual double rate() = 0;  // operations per second
};

// Processor time of this thread: time that other processes take does not count.
template <class Real>
class Core final : public Yardstick {
 public:
  double now() override {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }
  double rate() override {
    constexpr std::int64_t steps = 60000;  // about 0.2 ms
    const double start = now();
    const double operations = kernels::multiply_adds<Real>(steps);
    return operations / (now() - start);
  }
};

// Wall time, read when the device has done what was asked of it.
template <class Real>
class Gpu final : public Yardstick {
 public:
  explicit Gpu(Device device) : device_(device), probe_(device, 1) {
    double seconds = 0;
    do {
      order_ *= 2;
      const std::size_t size = static_cast<std::size_t>(order_ * order_);
      factor_ = Buffer<Real>(device, size);
      product_ = Buffer<Real>(device, size);
      multiply();  // the library gets ready
      seconds = of_product();
    } while (seconds < long_enough && order_ < most_order);
  }
  double now() override {
    char byte = 0;
    probe_.download(&byte, 1);
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }
  double rate() override { return flops::gemm(order_, order_, order_) / of_product(); }

 private:
  static constexpr double long_enough = 1e-3;
  static constexpr std::int64_t most_order = 8192;

  void multiply() {
    kernels::matrices<Real>(device_).gemm(kernels::Transpose::no, kernels::Transpose::no, order_, order_, order_, 1, factor_.data(), order_,
                                          factor_.data(), order_, 0, product_.data(), order_);
  }
  double of_product() {
    const double start = now();
    multiply();
    return now() - start;
  }

  Device device_;
  Buffer<char> probe_;
  std::int64_t order_ = 128;
  Buffer<Real> factor_, product_;
};

template <class Real>
std::unique_ptr<Yardstick> make_yardstick(Device device) {
  if (kernels::shares_host_memory(device)) return std::make_unique<Core<Real>>();
  return std::make_unique<Gpu<Real>>(device);
}

double seconds_of_run(Yardstick& yardstick, const Work& work, int runs) {
  if (work.prepare) work.prepare();
  const double start = yardstick.now();
  for (int k = 0; k < runs; ++k) work.run();
  return (yardstick.now() - start) / runs;
}

}  // namespace

BesidePeak measure_beside_peak(Device device, Precision precision, const Work& work, double budget) {
  const auto yardstick = precision == Precision::float32 ? make_yardstick<float>(device) : make_yardstick<double>(device);
  const double first = std::max(seconds_of_run(*yardstick, work, 1), 1e-9);  // also fills caches and workspaces
  const int runs = work.prepare ? 1 : static_cast<int>(std::max(1.0, shortest / first));
  BesidePeak best{std::numeric_limits<double>::infinity(), 0};
  const double start = yardstick->now();
  for (int round = 0; round < least_rounds || yardstick->now() - start < budget; ++round) {
    best.peak = std::max(best.peak, yardstick->rate());
    best.seconds = std::min(best.seconds, seconds_of_run(*yardstick, work, runs));
  }
  return best;
}

}  // namespace qs

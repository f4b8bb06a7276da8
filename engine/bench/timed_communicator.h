// A communicator that counts the time inside collectives, its own work and the waiting for slower ranks, as the phase "wait".
#pragma once

#include "engine/comm/communicator.h"
#include "engine/statistics/phase_clock.h"

namespace qs {

class TimedCommunicator : public Communicator {
 public:
  explicit TimedCommunicator(Communicator& comm) : comm_(comm) {}
  // From now on; before, nothing is counted.
  void report_to(PhaseClock& clock) { clock_ = &clock; }

  int rank() const override { return comm_.rank(); }
  int size() const override { return comm_.size(); }
  void barrier() override {
    timed(clock_, "wait", [&] { comm_.barrier(); });
  }
  void broadcast_bytes(void* data, std::size_t bytes, int root) override {
    timed(clock_, "wait", [&] { comm_.broadcast_bytes(data, bytes, root); });
  }
  void all_gather_bytes(const void* mine, std::span<const std::size_t> counts, void* all) override {
    timed(clock_, "wait", [&] { comm_.all_gather_bytes(mine, counts, all); });
  }
  void gather_bytes(const void* mine, std::span<const std::size_t> counts, void* all, int root) override {
    timed(clock_, "wait", [&] { comm_.gather_bytes(mine, counts, all, root); });
  }
  [[noreturn]] void abort(int code) override {
    comm_.abort(code);
    std::terminate();  // not reached: g++ does not see that a virtual function never returns
  }

 private:
  Communicator& comm_;
  PhaseClock* clock_ = nullptr;
};

}  // namespace qs

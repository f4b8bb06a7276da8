// A communicator that lets somebody stand around every collective: who measures the waiting, or wants to know that a rank waits.
#pragma once

#include <functional>
#include <utility>

#include "engine/comm/communicator.h"

namespace qs {

class ObservedCommunicator final : public Communicator {
 public:
  // Called in place of every collective; has to call `collective` exactly once.
  using Around = std::function<void(const std::function<void()>& collective)>;

  ObservedCommunicator(Communicator& comm, Around around) : comm_(comm), around_(std::move(around)) {}

  int rank() const override { return comm_.rank(); }
  int size() const override { return comm_.size(); }
  bool reaches(Device device) const override { return comm_.reaches(device); }
  void barrier() override {
    around_([&] { comm_.barrier(); });
  }
  void broadcast_bytes(void* data, std::size_t bytes, int root) override {
    around_([&] { comm_.broadcast_bytes(data, bytes, root); });
  }
  void all_gather_bytes(const void* mine, std::span<const std::size_t> counts, void* all) override {
    around_([&] { comm_.all_gather_bytes(mine, counts, all); });
  }
  void gather_bytes(const void* mine, std::span<const std::size_t> counts, void* all, int root) override {
    around_([&] { comm_.gather_bytes(mine, counts, all, root); });
  }
  [[noreturn]] void abort(int code) override {
    comm_.abort(code);
    std::terminate();  // not reached: g++ does not see that a virtual function never returns
  }

 private:
  Communicator& comm_;
  Around around_;
};

}  // namespace qs

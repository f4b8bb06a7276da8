// Calls of primitives that are made again and again with the same arguments. Where launching costs more than a small kernel takes (cuda: one graph
// instead of some hundred launches) they are recorded and played back; elsewhere they are simply made.
#pragma once

#include <functional>
#include <memory>

#include "kernels/api/device.h"

namespace qs {

// `calls` must call primitives of `device` alone, with the same arguments and in the same order every time, from the thread that runs it. From the
// second run on it neither copies to or from the host nor allocates, and nothing else uses the device while it is recorded. What it points to must
// stay where it is as long as the recording lives.
class Recording {
 public:
  Recording(Device device, std::function<void()> calls);
  void run();

 private:
  Device device_;
  std::function<void()> calls_;
  bool called_ = false;  // the first run makes the calls, and with them what they allocate
  std::shared_ptr<void> recorded_;
};

}  // namespace qs

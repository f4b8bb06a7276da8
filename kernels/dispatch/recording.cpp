// Picks the device's table; calls directly where it records nothing.
#include "kernels/api/recording.h"

#include <utility>

#include "engine/base/error.h"
#include "kernels/dispatch/recording_table.h"

namespace qs {
namespace {

const kernels::RecordingTable& on(Device device) {
  switch (device) {
    case Device::reference:
    case Device::cpu:
      return kernels::reference::recording_table();
    case Device::cuda:
      return kernels::cuda::recording_table();
  }
  throw NotBuilt("the requested device");
}

}  // namespace

Recording::Recording(Device device, std::function<void()> calls) : device_(device), calls_(std::move(calls)) {}

void Recording::run() {
  const kernels::RecordingTable& table = on(device_);
  if (!called_ || table.record == nullptr) {
    calls_();
    called_ = true;
    return;
  }
  if (!recorded_) recorded_ = std::shared_ptr<void>(table.record(calls_), table.forget);
  table.play(recorded_.get());
}

}  // namespace qs

// Calls directly where the device records nothing.
#include "kernels/api/recording.h"

#include <utility>

#include "kernels/dispatch/tables.h"

namespace qs {

Recording::Recording(Device device, std::function<void()> calls) : device_(device), calls_(std::move(calls)) {}

void Recording::run() {
  const kernels::Tables& device = kernels::tables(device_);
  if (!called_ || device.record == nullptr) {
    calls_();
    called_ = true;
    return;
  }
  if (!recorded_) recorded_ = std::shared_ptr<void>(device.record(calls_), device.forget);
  device.play(recorded_.get());
}

}  // namespace qs

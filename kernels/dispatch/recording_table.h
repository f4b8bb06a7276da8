// How a device records calls, behind kernels/api/recording.h.
#pragma once

#include <functional>

namespace qs::kernels {

// Null where nothing is recorded.
struct RecordingTable {
  void* (*record)(const std::function<void()>& calls);
  void (*play)(void* recorded);
  void (*forget)(void* recorded) noexcept;
};

namespace reference {  // also of the cpu device
const RecordingTable& recording_table();
}
namespace cuda {
const RecordingTable& recording_table();
}

}  // namespace qs::kernels

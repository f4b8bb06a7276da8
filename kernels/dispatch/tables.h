// All that a device offers: the tables of kernels/api, each a base, so that a function which fills or reads one takes the base of its name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "kernels/api/chains.h"
#include "kernels/api/connected.h"
#include "kernels/api/device.h"
#include "kernels/api/memory.h"
#include "kernels/dispatch/real_tables.h"

namespace qs::kernels {

struct Tables : RealTables<float>, RealTables<double>, SymmetricTable, ChainTable, ConnectedTable, MemoryTable {
  // Behind kernels/api/device.h.
  std::vector<PhysicalDevice> (*physical_devices)();
  void (*use_physical_device)(int index);
  // Behind kernels/api/recording.h; nullptr where nothing is recorded.
  void* (*record)(const std::function<void()>& calls);
  void (*play)(void* recorded);
  void (*forget)(void* recorded) noexcept;
};

// What plans need of a device, on machines without it, too.
struct PlanTable {
  int (*lane_groups_per_chunk)(std::size_t group_bytes);
  std::int64_t chains_per_call;
  enum class Chunks { any_rows, full } chunks;  // full: the bits of a row depend on the number of rows, so that all chunks must have the same
  enum class Memory { of_the_host, own } memory;
};

// Each device puts in what it has. The cpu device is reference, what cpu/ takes from libraries, and what it has in the instruction set of the machine
// (real_tables.h), one over the other.
namespace reference {
void install(Tables& tables);
const PlanTable& plan_table();
}  // namespace reference
namespace cpu {
void install(Tables& tables);
}
namespace cuda {
void install(Tables& tables);  // NotBuilt where it is not
const PlanTable& plan_table();
}  // namespace cuda

// Those of a device, filled at the first call.
const Tables& tables(Device device);

}  // namespace qs::kernels

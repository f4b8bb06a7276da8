// What is known of a device before it is used, and the choice between several.
#include "kernels/api/device.h"

#include "kernels/dispatch/tables.h"

namespace qs {
namespace {

const kernels::PlanTable& plan(Device device) { return device == Device::cuda ? kernels::cuda::plan_table() : kernels::reference::plan_table(); }

int round_up(int value, int multiple) { return (value + multiple - 1) / multiple * multiple; }

}  // namespace

int lane_groups_per_chunk(Device device, std::size_t group_bytes) { return plan(device).lane_groups_per_chunk(group_bytes); }

int padded_rows(Device device, int rows, int chunk_rows, int lanes) {
  return plan(device).chunks == kernels::PlanTable::Chunks::full ? chunk_rows : round_up(rows, lanes);
}

std::vector<PhysicalDevice> physical_devices(Device device) { return kernels::tables(device).physical_devices(); }
void use_physical_device(Device device, int index) { kernels::tables(device).use_physical_device(index); }

namespace kernels {

std::int64_t chains_per_call(Device device) { return plan(device).chains_per_call; }
bool shares_host_memory(Device device) { return plan(device).memory == PlanTable::Memory::of_the_host; }

}  // namespace kernels
}  // namespace qs

// Where primitives run. The device is a run-time value; algorithms pass it on and never branch on it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace qs {

// reference: one thread, plain loops, the specification. cpu: SIMD, chosen at run time. cuda: one GPU; absent builds throw NotBuilt.
enum class Device { reference, cpu, cuda };

// Rows innermost: the batch index of an activation is its fastest index, padded to a multiple of this many rows
// (one SIMD register of the widest supported instruction set; 16 float32 or 8 float64).
template <class Real>
constexpr int lane_multiple() {
  return 64 / static_cast<int>(sizeof(Real));
}

// Instruction set the cpu device dispatches to on this machine: "avx512", "avx2" or "baseline". QSTAGE_ISA=avx2|baseline in the
// environment lowers it (for tests and for comparing machines bit by bit).
std::string cpu_instruction_set();

// How many lane groups (lane_multiple rows each) a chunk of work should hold if one group takes `group_bytes` of activations.
int lane_groups_per_chunk(Device device, std::size_t group_bytes);
// Rows that a chunk of `rows` configurations is padded to, where full chunks have chunk_rows: the next multiple of `lanes` (lane_multiple), but
// always chunk_rows on cuda: its library may sum in another order for another number of rows, and a configuration must give the same bits in any
// batch.
int padded_rows(Device device, int rows, int chunk_rows, int lanes);

// A physical device that this process sees. `id` names it to all processes of all machines; several ranks must not share one.
struct PhysicalDevice {
  std::string id;
  std::string name;  // "NVIDIA H200, 140 GiB"
};
// Empty where ranks compute on whatever core the system gives them (reference, cpu). DeviceError where there is none, NotBuilt in a build without.
std::vector<PhysicalDevice> physical_devices(Device device);
// Makes physical_devices(device)[index] the one this process computes on, before anything is allocated there (default: the first).
void use_physical_device(Device device, int index);

}  // namespace qs

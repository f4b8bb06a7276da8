// One rank, one GPU: which of the devices it sees every rank computes on.
#pragma once

#include <string>
#include <vector>

#include "engine/comm/communicator.h"
#include "kernels/api/device.h"

namespace qs {

// visible[r]: identities of the devices that rank r sees, in its order. In order of rank everyone takes the first device that nobody has taken, so
// that it does not matter whether the launcher shows each rank all GPUs of its machine or one of its own. The index into visible[r] of every rank;
// DeviceError if somebody is left without.
std::vector<int> assign_devices(const std::vector<std::vector<std::string>>& visible);

// Binds this process to its device, before anything is allocated there, and returns the name of the root's; "" for the devices that need no choice.
// Throws the same DeviceError (none found, too few, not built) on every rank. Collective.
std::string choose_device(Device device, Communicator& comm);

// How several ranks exchange what lies in their devices, for the log; "" where nothing need be said.
std::string describe_exchange(Device device, const Communicator& comm);

}  // namespace qs

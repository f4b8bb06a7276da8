#include "engine/plan/choose_device.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "engine/base/error.h"
#include "kernels/api/memory.h"

namespace qs {
namespace {

// Every rank's list, on every rank.
std::vector<std::vector<std::string>> gather_lists(const std::vector<PhysicalDevice>& mine, Communicator& comm) {
  std::string text;
  for (const PhysicalDevice& device : mine) text += device.id + ' ';
  text += '\n';
  std::vector<std::vector<std::string>> lists(1);
  std::string word;
  for (const char c : comm.all_gather(std::span<const char>(text.data(), text.size()))) {
    if (c == '\n') {
      lists.emplace_back();
    } else if (c == ' ') {
      lists.back().push_back(std::exchange(word, ""));
    } else {
      word += c;
    }
  }
  lists.pop_back();
  return lists;
}

// What to say when rank r is left without: the ranks that compete for its devices, and these.
DeviceError too_few(const std::vector<std::vector<std::string>>& visible, std::size_t r) {
  const std::set<std::string> devices(visible[r].begin(), visible[r].end());
  const auto competes = [&](const std::vector<std::string>& list) {
    return std::any_of(list.begin(), list.end(), [&](const std::string& id) { return devices.contains(id); });
  };
  const auto ranks = std::count_if(visible.begin(), visible.end(), competes);
  return DeviceError(
      fmt::format("{} ranks would share {} GPU{} of one machine (a rank needs a GPU of its own); start {} rank{} per machine, or choose device: cpu",
                  ranks, devices.size(), devices.size() == 1 ? "" : "s", devices.size(), devices.size() == 1 ? "" : "s"));
}

}  // namespace

std::vector<int> assign_devices(const std::vector<std::vector<std::string>>& visible) {
  std::set<std::string> taken;
  std::vector<int> index;
  for (std::size_t r = 0; r < visible.size(); ++r) {
    const std::vector<std::string>& list = visible[r];
    const auto free = std::find_if(list.begin(), list.end(), [&](const std::string& id) { return !taken.contains(id); });
    if (free == list.end()) throw too_few(visible, r);
    taken.insert(*free);
    index.push_back(static_cast<int>(free - list.begin()));
  }
  return index;
}

std::string choose_device(Device device, Communicator& comm) {
  std::vector<PhysicalDevice> mine;
  on_all(comm, [&] { mine = physical_devices(device); });
  if (comm.max(static_cast<std::int64_t>(mine.size())) == 0) return "";
  const int index = assign_devices(gather_lists(mine, comm)).at(comm.rank());
  on_all(comm, [&] { use_physical_device(device, index); });
  std::string name = mine.at(index).name;
  comm.broadcast_string(name, 0);
  return name;
}

std::string describe_exchange(Device device, const Communicator& comm) {
  if (comm.size() == 1 || kernels::shares_host_memory(device)) return "";
  return comm.reaches(device) ? "MPI is CUDA-aware: ranks exchange the memory of their GPUs directly"
                              : "MPI is not CUDA-aware: what GPUs exchange goes through the host (an MPI built with CUDA support is faster)";
}

}  // namespace qs

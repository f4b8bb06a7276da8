#include "engine/run/messages.h"

#include <algorithm>
#include <span>

namespace qs {

std::vector<std::string> unite_messages(Communicator& comm, const std::vector<std::string>& mine) {
  std::string packed;  // each message ends in a zero byte, which no message contains
  for (const std::string& message : mine) packed += message + '\0';
  const std::vector<char> all = comm.all_gather(std::span<const char>(packed.data(), packed.size()));

  std::vector<std::string> united;
  for (auto begin = all.begin(); begin != all.end();) {
    const auto end = std::find(begin, all.end(), '\0');
    std::string message(begin, end);
    if (std::find(united.begin(), united.end(), message) == united.end()) united.push_back(std::move(message));
    begin = end + 1;
  }
  return united;
}

}  // namespace qs
